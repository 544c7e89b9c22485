// Finished pictures: newest first, each with the settings it was made with.

import { getBlob, getJson } from "./api.js";
import { fillForm, SHORTCUTS } from "./form.js";
import { setPicture } from "./picture-input.js";

const list = document.getElementById("gallery");
const viewer = document.getElementById("viewer");
const SHOWN = ["prompt", "negative_prompt", "model", "precision", "sampler", "schedule", "steps", "guidance_scale", "strength", ...SHORTCUTS];
let opened = null;
const shown = new Set(); // names: a job that ends while the page loads comes both from its stream and from the list

function openViewer(entry) {
  opened = entry;
  const { parameters, seed, url, name } = entry;
  const image = document.getElementById("viewer-image");
  image.src = url;
  image.alt = parameters.prompt;
  const rows = [...SHOWN.map((key) => [key.replaceAll("_", " "), parameters[key]]), ["seed", seed]];
  document.getElementById("viewer-settings").replaceChildren(
    ...rows
      .filter(([, value]) => value !== undefined && value !== null && value !== "")
      .flatMap(([key, value]) => {
        const term = document.createElement("dt");
        const description = document.createElement("dd");
        term.textContent = key;
        description.textContent = String(value);
        return [term, description];
      }),
  );
  const download = document.getElementById("viewer-download");
  download.href = url;
  download.download = name;
  viewer.showModal();
}

// `blob` is kept beside its address: the page's policy lets no script fetch a blob: address.
export function addPicture({ blob, ...settings }, { atEnd = false } = {}) {
  if (shown.has(settings.name)) return;
  shown.add(settings.name);
  const entry = { ...settings, blob, url: URL.createObjectURL(blob) };
  const button = document.createElement("button");
  const image = document.createElement("img");
  image.src = entry.url;
  image.alt = `${entry.parameters.prompt}, seed ${entry.seed}`;
  image.loading = "lazy";
  button.type = "button";
  const caption = document.createElement("span");
  caption.textContent = entry.parameters.prompt;
  caption.setAttribute("aria-hidden", "true");
  button.append(image, caption);
  button.addEventListener("click", () => openViewer(entry));
  const item = document.createElement("li");
  item.append(button);
  if (atEnd) list.append(item);
  else list.prepend(item);
  document.getElementById("gallery-empty").hidden = true;
}

// What earlier visits made and the worker still keeps.
export async function loadGallery() {
  const { jobs } = await getJson("/v1/jobs?state=completed&limit=24");
  for (const job of jobs) {
    for (const [index, path] of (job.image_urls ?? []).entries()) {
      const blob = await getBlob(path).catch(() => null);
      if (!blob) continue;
      const seed = String(BigInt(job.seed) + BigInt(index));
      const name = `${job.id}-${index}.${blob.type.split("/")[1]}`;
      addPicture({ blob, parameters: job.parameters ?? {}, seed, name }, { atEnd: true });
    }
  }
}

export function setUpViewer() {
  document.getElementById("viewer-close").addEventListener("click", () => viewer.close());
  document.getElementById("viewer-reuse").addEventListener("click", () => {
    fillForm(opened.parameters, opened.seed);
    viewer.close();
    document.getElementById("prompt").focus();
  });
  document.getElementById("viewer-input").addEventListener("click", async () => {
    await setPicture(opened.blob);
    if (!document.getElementById("prompt").value) fillForm(opened.parameters, "");
    viewer.close();
    document.getElementById("mask").focus();
  });
}
