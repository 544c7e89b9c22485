// The form: choices from the worker, its values as a job, a job's parameters back into it.

export const SHORTCUTS = ["guidance_start", "guidance_end", "cross_attention_end", "token_merging_ratio", "deep_cache_interval"];
const CHOICES = ["model", "precision", "sampler", "schedule"];
const NUMBERS = ["width", "height", "steps", "guidance_scale", "count", ...SHORTCUTS];
const form = document.getElementById("form");
const shortcuts = document.getElementById("shortcuts");

function fillSelect(select, first, entries) {
  const chosen = select.value;
  select.replaceChildren(...[first, ...entries].map(([value, label]) => new Option(label, value)));
  select.value = entries.some(([value]) => value === chosen) ? chosen : first[0];
}

const named = (entries) => entries.map(({ id, label }) => [id, label]);

export function showCapabilities(info) {
  fillSelect(form.sampler, ["", "default"], named(info.capabilities.samplers));
  fillSelect(form.schedule, ["", "default"], named(info.capabilities.schedules));
  const [own, ...others] = info.capabilities.precisions;
  fillSelect(form.precision, ["", own], others.map((name) => [name, name]));
  document.getElementById("precisions").hidden = others.length === 0;
  for (const { name, minimum, maximum, description } of info.capabilities.fields) {
    const input = form.elements[name];
    if (input?.type !== "number") continue;
    input.min = minimum;
    input.max = maximum;
    input.title = description;
  }
  const defaults = info.default_model?.defaults ?? {};
  for (const name of NUMBERS) {
    if (defaults[name] !== undefined) form[name].placeholder = String(defaults[name]);
  }
}

export function showModels(models) {
  const standard = models.find((model) => model.default);
  const others = models.filter((model) => !model.default);
  const label = (model) => (model.loaded ? model.id : `${model.id} (loads first)`);
  const first = standard ? [standard.id, label(standard)] : ["", "default"];
  fillSelect(form.model, first, others.map((model) => [model.id, label(model)]));
}

// The job the form describes, without pictures. Fields left empty are the model's to choose.
export function readForm() {
  const job = { prompt: form.prompt.value };
  for (const name of ["negative_prompt", ...CHOICES]) {
    if (form[name].value) job[name] = form[name].value;
  }
  for (const name of NUMBERS) {
    if (form[name].value !== "") job[name] = Number(form[name].value);
  }
  if (document.getElementById("preview").checked) job.preview_every = 2;
  return job;
}

export const seedText = () => form.seed.value.trim();

export function fillForm(parameters, seed) {
  for (const name of ["prompt", "negative_prompt", ...CHOICES, ...NUMBERS]) {
    const value = parameters[name];
    form[name].value = value === undefined || value === null ? "" : String(value);
    if (form[name].selectedIndex === -1) form[name].selectedIndex = 0;
  }
  if (SHORTCUTS.some((name) => form[name].value !== "")) shortcuts.open = true;
  form.count.value = "1";
  form.seed.value = seed;
  if (parameters.strength !== undefined) {
    form.strength.value = parameters.strength;
    form.strength.dispatchEvent(new Event("input"));
  }
}

export function showFormError(message, param) {
  document.getElementById("form-error").textContent = message;
  form.querySelectorAll("[aria-invalid]").forEach((field) => field.removeAttribute("aria-invalid"));
  const field = param && form.elements[param];
  if (field) {
    if (SHORTCUTS.includes(param)) shortcuts.open = true;
    field.setAttribute("aria-invalid", "true");
    field.focus();
  }
}
