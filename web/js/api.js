// The jobs API: errors as exceptions, streams as async iterators. A worker with a key has asked for it before it gave out
// the page, and the browser sends it along.

export class ApiError extends Error {
  constructor(status, body) {
    super(body?.error?.message ?? `the worker answered ${status}`);
    this.status = status;
    this.param = body?.error?.param ?? null;
  }
}

async function request(path, options) {
  const response = await fetch(path, options);
  if (!response.ok) throw new ApiError(response.status, await response.json().catch(() => null));
  return response;
}

export const getJson = async (path) => parseJson(await (await request(path)).text());
export const getBlob = async (path) => (await request(path)).blob();
export const cancelJob = (id) => request(`/v1/jobs/${id}`, { method: "DELETE" });

// `seed` is text: it may be beyond what a JavaScript number holds, and goes into the body as the digits it is.
export async function postJob(job, seed) {
  const headers = { "Content-Type": "application/json" };
  const text = JSON.stringify(job);
  const body = seed === "" ? text : `${text.slice(0, -1)},"seed":${BigInt(seed)}}`;
  return (await request("/v1/jobs", { method: "POST", headers, body })).json();
}

// JSON whose seeds stay the digits they are: a uint64 does not fit a JavaScript number.
const parseJson = (text) => JSON.parse(text.replace(/"seed":(\d+)/g, '"seed":"$1"'));

// One block of a server-sent event stream: its id and its JSON, if it has any.
function parseBlock(block) {
  const event = { id: null, data: null };
  for (const line of block.split("\n")) {
    if (line.startsWith("id:")) event.id = line.slice(3).trim();
    if (line.startsWith("data:")) event.data = line.slice(5).trim();
  }
  if (event.data?.startsWith("{")) event.data = parseJson(event.data);
  return event;
}

async function* readBlocks(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    rest += value;
    const blocks = rest.split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) yield parseBlock(block);
  }
}

const TERMINAL = new Set(["complete", "error", "cancelled"]);
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Every event of a job to its terminal one. A broken connection is resumed after the last event that came; `onRetry` is
// told. (EventSource hides the status that says why a stream is refused, so it is read with fetch.)
export async function* jobEvents(id, onRetry) {
  let last = null;
  for (let delay = 500; ; delay = Math.min(delay * 2, 8000)) {
    try {
      const headers = last === null ? {} : { "Last-Event-ID": last };
      const response = await request(`/v1/jobs/${id}/stream`, { headers });
      for await (const { id: eventId, data } of readBlocks(response)) {
        if (eventId !== null) last = eventId;
        if (data?.type === undefined) continue;
        delay = 500;
        yield data;
        if (TERMINAL.has(data.type)) return;
      }
    } catch (error) {
      if (error instanceof ApiError && error.status < 500) throw error;
    }
    onRetry();
    await wait(delay);
  }
}
