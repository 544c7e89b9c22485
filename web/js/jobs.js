// Jobs under way: one row each, fed by the job's stream.

import { ApiError, cancelJob, getJson, jobEvents } from "./api.js";
import { addPicture } from "./gallery.js";

const list = document.getElementById("jobs");
const template = document.getElementById("job-template");

const seconds = (ms) => (ms >= 90000 ? `${Math.round(ms / 60000)} min` : `${Math.max(1, Math.round(ms / 1000))} s`);
const left = (eta) => (eta === null || eta === undefined ? "" : `, ${seconds(eta)} left`);

function makeRow(id, prompt) {
  const row = template.content.firstElementChild.cloneNode(true);
  row.dataset.job = id;
  const part = (selector) => row.querySelector(selector);
  part(".job-prompt").textContent = prompt;
  part(".job-prompt").title = prompt;
  part(".job-cancel").setAttribute("aria-label", `Cancel: ${prompt}`);
  part("progress").setAttribute("aria-label", `Progress: ${prompt}`);
  list.append(row);
  return {
    row,
    prompt,
    image: part("img"),
    bar: part("progress"),
    state: part(".job-state"),
    button: part(".job-cancel"),
  };
}

function showEmpty() {
  document.getElementById("jobs-empty").hidden = list.children.length > 0;
}

// A row that has said its last word stays until it is dismissed.
function endRow(view, text, failed) {
  view.state.textContent = text;
  view.bar.hidden = true;
  view.row.classList.toggle("failed", failed);
  view.button.textContent = "Dismiss";
  view.button.setAttribute("aria-label", `Dismiss: ${view.prompt}`);
  view.button.disabled = false;
  view.button.onclick = () => {
    view.row.remove();
    showEmpty();
  };
}

function showPreview(view, event) {
  view.image.src = `data:image/${event.format};base64,${event.image}`;
  view.image.alt = `Preview after step ${event.step} of ${event.total}`;
  view.image.hidden = false;
}

function addResults(id, event) {
  event.images.forEach(({ image, seed }, index) => {
    const bytes = Uint8Array.from(atob(image), (letter) => letter.charCodeAt(0));
    const blob = new Blob([bytes], { type: `image/${event.format}` });
    addPicture({ blob, parameters: event.parameters, seed: String(seed), name: `${id}-${index}.${event.format}` });
  });
}

const handlers = {
  queued: (view, event) => (view.state.textContent = `waiting, number ${event.position} in the queue${left(event.eta_ms)}`),
  loading: (view, event) => (view.state.textContent = `loading ${event.model}`),
  started: (view) => (view.state.textContent = "starting"),
  progress: (view, event) => {
    view.bar.value = event.percent;
    view.state.textContent = `step ${event.step} of ${event.total}${left(event.eta_ms)}`;
  },
  preview: (view, event) => {
    handlers.progress(view, event);
    showPreview(view, event);
  },
};

export async function followJob(id, prompt, { show = false } = {}) {
  const view = makeRow(id, prompt);
  showEmpty();
  if (show) view.row.scrollIntoView({ block: "nearest" });
  view.button.onclick = async () => {
    view.button.disabled = true;
    await cancelJob(id).catch((error) => endRow(view, error.message, true));
  };
  try {
    for await (const event of jobEvents(id, () => (view.state.textContent = "connection lost, trying again …"))) {
      handlers[event.type]?.(view, event);
      if (event.type === "error") return endRow(view, event.message, true);
      if (event.type === "cancelled") return endRow(view, "cancelled", false);
      if (event.type === "complete") {
        addResults(id, event);
        view.row.remove();
        showEmpty();
      }
    }
  } catch (error) {
    const gone = error instanceof ApiError && error.status === 404;
    endRow(view, gone ? "The worker was restarted and no longer knows this job." : error.message, true);
  }
}

// Jobs that were already under way when the page was opened.
export async function followRunningJobs() {
  for (const state of ["running", "queued"]) {
    const { jobs } = await getJson(`/v1/jobs?state=${state}&limit=50`);
    for (const job of jobs.reverse()) followJob(job.id, job.parameters?.prompt ?? job.id);
  }
}
