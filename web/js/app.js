import { getJson, postJob } from "./api.js";
import { readForm, seedText, showCapabilities, showFormError, showModels } from "./form.js";
import { loadGallery, setUpViewer } from "./gallery.js";
import { followJob, followRunningJobs } from "./jobs.js";
import { pictureFields, setUpPictureInput } from "./picture-input.js";
import { setUpTheme } from "./theme.js";

const form = document.getElementById("form");
const state = document.getElementById("worker-state");
const REFRESH_MS = 10000;

async function showWorker() {
  try {
    const info = await getJson("/info");
    const models = (await getJson("/v1/models")).data;
    showCapabilities(info);
    showModels(models);
    const loading = models.find((model) => model.state === "loading");
    state.textContent = loading ? `loading ${loading.id}` : `ready on ${info.device}, version ${info.version}`;
    return true;
  } catch (error) {
    state.textContent = error.status === 401 ? "an API key is needed: reload the page" : "the worker does not answer";
    return false;
  }
}

async function submit(event) {
  event.preventDefault();
  showFormError("");
  const seed = seedText();
  if (!/^\d*$/.test(seed)) return showFormError("A seed is a whole number.", "seed");
  try {
    const job = { ...readForm(), ...(await pictureFields()) };
    const { job_id } = await postJob(job, seed);
    followJob(job_id, job.prompt, { show: true });
  } catch (error) {
    showFormError(error.message, error.param);
  }
}

function setUpForm() {
  form.addEventListener("submit", submit);
  form.prompt.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
}

async function start() {
  await showWorker();
  await Promise.allSettled([followRunningJobs(), loadGallery()]);
  document.getElementById("gallery").setAttribute("aria-busy", "false");
}

setUpTheme(document.getElementById("theme"));
setUpForm();
setUpViewer();
setUpPictureInput((message) => showFormError(message));
start();
setInterval(showWorker, REFRESH_MS);
