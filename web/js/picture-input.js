// A picture to start from, and a mask painted over it: white is repainted.

const fieldset = document.getElementById("picture-input");
const file = document.getElementById("file");
const editor = document.getElementById("editor");
const drop = document.getElementById("drop");
const canvas = document.getElementById("mask");
const brush = document.getElementById("brush");
const strength = document.getElementById("strength");
const view = canvas.getContext("2d");
const mask = document.createElement("canvas");
const MASK_OPACITY = 0.6;

let picture = null; // ImageBitmap
let source = ""; // base64 of the file as it came
let painted = false;
let pattern = null; // of the brush
let cursor = null; // keyboard brush, in picture pixels

function draw() {
  view.clearRect(0, 0, canvas.width, canvas.height);
  view.drawImage(picture, 0, 0);
  view.globalAlpha = MASK_OPACITY;
  view.drawImage(mask, 0, 0);
  view.globalAlpha = 1;
  if (cursor) {
    view.strokeStyle = "#fff";
    view.lineWidth = Math.max(1, canvas.width / 256);
    view.beginPath();
    view.arc(cursor.x, cursor.y, radius(), 0, 2 * Math.PI);
    view.stroke();
  }
}

// The slider counts in pixels of a 512-pixel picture.
const radius = () => ((Number(brush.value) / 2) * canvas.width) / 512;

// Light and dark stripes: seen on a picture of any colour.
function stripes() {
  const tile = document.createElement("canvas");
  const side = Math.max(4, Math.round(canvas.width / 64));
  tile.width = tile.height = 2 * side;
  const pen = tile.getContext("2d");
  for (let y = 0; y < 2 * side; y++) {
    for (let x = 0; x < 2 * side; x++) {
      pen.fillStyle = (x + y) % (2 * side) < side ? "#fff" : "#333";
      pen.fillRect(x, y, 1, 1);
    }
  }
  return view.createPattern(tile, "repeat");
}

function paint(from, to) {
  const pen = mask.getContext("2d");
  pen.strokeStyle = pattern;
  pen.lineCap = "round";
  pen.lineWidth = 2 * radius();
  pen.beginPath();
  pen.moveTo(from.x, from.y);
  pen.lineTo(to.x + 0.01, to.y);
  pen.stroke();
  painted = true;
  showHint();
  draw();
}

function showHint() {
  document.getElementById("input-hint").textContent = painted
    ? "Only the painted part is made anew."
    : "The whole picture is transformed. Paint on it to change only a part.";
}

function clearMask() {
  mask.width = canvas.width;
  mask.height = canvas.height;
  painted = false;
  showHint();
  draw();
}

const toBase64 = (blob) =>
  new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });

export async function setPicture(blob) {
  picture = await createImageBitmap(blob);
  source = await toBase64(blob);
  canvas.width = picture.width;
  canvas.height = picture.height;
  pattern = stripes();
  drop.hidden = true;
  editor.hidden = false;
  clearMask();
}

export function removePicture() {
  picture = null;
  file.value = "";
  editor.hidden = true;
  drop.hidden = false;
}

// White where painted, black elsewhere, as PNG.
async function maskBase64() {
  const plain = document.createElement("canvas");
  plain.width = mask.width;
  plain.height = mask.height;
  const pen = plain.getContext("2d");
  pen.drawImage(mask, 0, 0);
  pen.globalCompositeOperation = "source-in";
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, plain.width, plain.height);
  pen.globalCompositeOperation = "destination-over";
  pen.fillStyle = "#000";
  pen.fillRect(0, 0, plain.width, plain.height);
  return toBase64(await new Promise((resolve) => plain.toBlob(resolve, "image/png")));
}

// What the picture adds to a job: the operation and its pictures.
export async function pictureFields() {
  if (!picture) return { operation: "image_generation" };
  const chosen = { strength: Number(strength.value) };
  if (!painted) return { operation: "image_transform", input_image: source, ...chosen };
  return { operation: "image_inpaint", init_image: source, mask_image: await maskBase64(), ...chosen };
}

function position(event) {
  const box = canvas.getBoundingClientRect();
  return {
    x: ((event.clientX - box.left) / box.width) * canvas.width,
    y: ((event.clientY - box.top) / box.height) * canvas.height,
  };
}

function setUpPainting() {
  let last = null;
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    cursor = null;
    last = position(event);
    paint(last, last);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!last) return;
    const now = position(event);
    paint(last, now);
    last = now;
  });
  for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, () => (last = null));
}

function setUpKeyboard() {
  const held = new Set();
  canvas.addEventListener("focus", () => {
    if (!canvas.matches(":focus-visible")) return;
    cursor = { x: canvas.width / 2, y: canvas.height / 2 };
    draw();
  });
  canvas.addEventListener("blur", () => {
    cursor = null;
    held.clear();
    if (picture) draw();
  });
  canvas.addEventListener("keyup", (event) => held.delete(event.key));
  canvas.addEventListener("keydown", (event) => {
    const step = canvas.width / 40;
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step], " ": [0, 0] };
    const move = moves[event.key];
    if (!move || !cursor) return;
    event.preventDefault();
    held.add(event.key);
    const from = cursor;
    cursor = {
      x: Math.min(canvas.width, Math.max(0, from.x + move[0])),
      y: Math.min(canvas.height, Math.max(0, from.y + move[1])),
    };
    if (held.has(" ")) paint(from, cursor);
    else draw();
  });
}

export function setUpPictureInput(onError) {
  const take = (blob) => setPicture(blob).catch(() => onError("This file is not a picture the browser can read."));
  file.addEventListener("change", () => file.files[0] && take(file.files[0]));
  fieldset.addEventListener("dragover", (event) => {
    event.preventDefault();
    fieldset.classList.add("over");
  });
  fieldset.addEventListener("dragleave", () => fieldset.classList.remove("over"));
  fieldset.addEventListener("drop", (event) => {
    event.preventDefault();
    fieldset.classList.remove("over");
    if (event.dataTransfer.files[0]) take(event.dataTransfer.files[0]);
  });
  document.getElementById("mask-clear").addEventListener("click", clearMask);
  document.getElementById("picture-remove").addEventListener("click", removePicture);
  brush.addEventListener("input", () => cursor && draw());
  strength.addEventListener("input", () => {
    document.getElementById("strength-value").textContent = strength.value;
  });
  setUpPainting();
  setUpKeyboard();
}
