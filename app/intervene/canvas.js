// The painting canvas.  Its template is constant, so nothing here is ever overwritten; the server sends a new scene through
// `value`, the script sends each painting through `server.paint` and hands the answer to the views, which are other components.
const part = name => element.querySelector(`[data-part="${name}"]`);
const canvas = part('canvas');
const pen = canvas.getContext('2d');
const status = part('status');
const settings = ['mode', 'label', 'kind', 'threshold', 'allocation', 'level', 'seed'];
const STEPS = 100; // that can be taken back
let scene = null; // what the server sent: photo, map, grid
let photo = null, map = null;
let mask = new Uint8Array(0), undone = [], done = [];
let regions = new Uint16Array(0); // the region each cell belongs to; 0: none
let highlighted = 0; // a region
let tool = 'brush';
let cursor = null; // cell of the keyboard
let stroke = null; // where the pointer is, while it is down
let hover = null; // where it is at all, for the brush's outline
let work = 0; // calls not yet answered
let explained = ''; // what the painting on the canvas is, if the program painted it

// --- talking to the server

// At most one call in flight, the newest waiting: the last painting always wins.  Resolved with nothing, a call is tried again.
function latest(call, show) {
  let busy = false, waiting = null;
  return async payload => {
    waiting = payload;
    if (busy) return;
    busy = true;
    working(+1);
    while (waiting) {
      const sent = waiting;
      waiting = null;
      let answer;
      for (let attempt = 0; attempt < 6 && !answer && !waiting; attempt++) {
        if (attempt) await new Promise(wake => setTimeout(wake, 100 * 2 ** attempt));
        try { answer = await call(sent); } catch { answer = undefined; }
        if (!answer && attempt) say('The server is not answering; trying again. Your painting is kept.');
      }
      if (answer && scene && sent.scene === scene.id) show(answer);
      else if (!answer && !waiting) say('The server did not answer. Your painting is kept: change it to try again.', true);
    }
    busy = false;
    working(-1);
  };
}
function working(step) {
  work += step;
  element.dataset.state = work ? 'working' : 'settled';
  document.querySelector('#whatif')?.classList.toggle('working', work > 0);
}
const say = (words, wrong = false) => {
  status.classList.toggle('wrong', wrong);
  if (status.textContent !== words) status.textContent = words;
};
function hand(views) {
  window.whatifViews ??= {};
  for (const [name, html] of Object.entries(views ?? {})) {
    window.whatifViews[`whatif-${name}`] = html;
    document.querySelector(`#whatif-${name} .whatif-view`)?.dispatchEvent(new Event('whatif'));
  }
}
const sendPainting = latest(payload => server.paint(payload), answer => {
  hand(answer.views);
  if (answer.link) window.studio?.painted(answer.link);
  say(explained || (answer.message ?? ''), Boolean(answer.wrong));
});
const sendRegions = latest(payload => server.find_regions(payload), answer => {
  if (answer.cells) { regions = Uint16Array.from(answer.cells); buttons(); draw(); }
  hand(answer.views);
  setTimeout(press); // the report is drawn anew
  if (answer.wrong) say(answer.message, true);
});
const asked = () => ({
  scene: scene.id, mask: text(mask),
  ...Object.fromEntries(settings.map(name => [name, part(name).value])),
});
const changed = () => { press(); draw(); if (scene) sendPainting(asked()); };
// What buttons outside this component send along: exactly what is on the screen.
const outer = element.closest('#whatif-canvas');
outer.painting = () => scene ? JSON.stringify(asked()) : '';

// --- masks as text

const text = values => btoa(String.fromCharCode(...values)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
const bytes = words => Uint8Array.from(atob(words.replaceAll('-', '+').replaceAll('_', '/')), c => c.charCodeAt(0));

// --- what is painted

function remember() {
  explained = '';
  done.push(mask.slice());
  if (done.length > STEPS) done.shift();
  undone = [];
}
function back(from, to, words) {
  if (!from.length) return say(words);
  explained = '';
  to.push(mask.slice());
  mask = from.pop();
  changed();
}
const amount = () => Math.round(255 * part('strength').value / 100);
function put(cell, value, erase) {
  mask[cell] = erase ? Math.min(mask[cell], 255 - value) : Math.max(mask[cell], value);
}
// A round brush in the photo's own pixels, soft over one cell, so that a stroke looks the same over any grid.
function dab(x, y) {
  const width = canvas.clientWidth, height = canvas.clientHeight;
  const [w, h] = [width / scene.columns, height / scene.rows];
  const cell = (w + h) / 2;
  const radius = Math.max(part('size').value / 200 * Math.max(width, height), cell / 2);
  for (let row = 0; row < scene.rows; row++) for (let column = 0; column < scene.columns; column++) {
    const distance = Math.hypot((column + 0.5) * w - x, (row + 0.5) * h - y);
    const covered = Math.min(1, Math.max(0, (radius - distance) / cell + 0.5));
    if (covered) put(row * scene.columns + column, Math.round(covered * amount()), tool === 'eraser');
  }
}
const cellsOf = number => [...regions.keys()].filter(cell => regions[cell] === number);
const holds = cells => cells.length > 0 && cells.every(cell => mask[cell] > 0);
// Adds what is missing, or takes all of it away again.
function toggle(cells, shares = null) {
  if (!cells.length) return;
  remember();
  const erase = holds(cells);
  for (const cell of cells) erase ? mask[cell] = 0 : put(cell, shares ? shares[cell] : amount(), false);
  changed();
}
const presetCells = shares => [...shares.keys()].filter(cell => shares[cell] > 0);

// --- pointer: mouse, pen and touch

const at = event => {
  const box = canvas.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
};
const cellAt = ([x, y]) => {
  const row = Math.min(scene.rows - 1, Math.max(0, Math.floor(y / canvas.clientHeight * scene.rows)));
  const column = Math.min(scene.columns - 1, Math.max(0, Math.floor(x / canvas.clientWidth * scene.columns)));
  return row * scene.columns + column;
};
canvas.addEventListener('pointerdown', event => {
  if (!scene || event.button) return;
  event.preventDefault();
  canvas.focus({preventScroll: true});
  cursor = null;
  const point = at(event);
  if (tool === 'region') {
    const number = regions[cellAt(point)];
    return number ? toggle(cellsOf(number)) : say('There is no region here; lower the threshold or use the brush.');
  }
  canvas.setPointerCapture(event.pointerId);
  remember();
  stroke = point;
  dab(...point);
  changed();
});
canvas.addEventListener('pointermove', event => {
  if (!scene) return;
  const point = at(event);
  hover = event.pointerType === 'touch' ? null : point;
  if (!stroke) {
    if (tool === 'region') highlighted = regions[cellAt(point)];
    return draw();
  }
  const [x, y] = stroke;
  const steps = Math.ceil(Math.hypot(point[0] - x, point[1] - y) / 4);
  for (let step = 1; step <= steps; step++) dab(x + (point[0] - x) * step / steps, y + (point[1] - y) * step / steps);
  stroke = point;
  changed();
});
const lift = () => { stroke = null; };
canvas.addEventListener('pointerup', lift);
canvas.addEventListener('pointercancel', lift);
canvas.addEventListener('pointerleave', () => { hover = null; if (tool === 'region') highlighted = 0; draw(); });

// --- keyboard

const moves = {ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1]};
canvas.addEventListener('keydown', event => {
  if (!scene) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const undo = key === 'u' || (key === 'z' && (event.ctrlKey || event.metaKey) && !event.shiftKey);
  const redo = key === 'r' && !event.ctrlKey && !event.metaKey
    || (event.ctrlKey || event.metaKey) && (key === 'y' || (key === 'z' && event.shiftKey));
  if (undo) back(done, undone, 'There is nothing to undo.');
  else if (redo) back(undone, done, 'There is nothing to redo.');
  else if (event.ctrlKey || event.metaKey || event.altKey) return;
  else if (moves[key]) {
    const [row, column] = cursor ?? [Math.floor(scene.rows / 2), Math.floor(scene.columns / 2)];
    cursor = cursor === null ? [row, column] : [
      Math.min(scene.rows - 1, Math.max(0, row + moves[key][0])),
      Math.min(scene.columns - 1, Math.max(0, column + moves[key][1])),
    ];
    tell();
    draw();
  } else if (key === ' ' || key === 'Enter' || key === 'e') {
    cursor ??= [Math.floor(scene.rows / 2), Math.floor(scene.columns / 2)];
    const cell = cursor[0] * scene.columns + cursor[1];
    if (tool === 'region' && key !== 'e') {
      if (regions[cell]) toggle(cellsOf(regions[cell])); else say('There is no region at the cursor.');
    } else {
      remember();
      put(cell, key === 'e' ? 255 : amount(), key === 'e' || tool === 'eraser');
      changed();
    }
  } else return;
  event.preventDefault();
});
canvas.addEventListener('blur', () => { cursor = null; draw(); });
function tell() {
  const cell = cursor[0] * scene.columns + cursor[1];
  const region = regions[cell] ? `, region ${regions[cell]}` : '';
  say(`Row ${cursor[0] + 1} of ${scene.rows}, column ${cursor[1] + 1} of ${scene.columns}: painted ${Math.round(mask[cell] / 2.55)} %${region}`);
}

// --- controls

element.addEventListener('click', event => {
  const button = event.target.closest('button');
  if (!button) return;
  const {tool: chosen, act, preset, region, needed} = button.dataset;
  if (chosen) {
    tool = chosen;
    press();
    draw();
  } else if (!scene) say('Choose a photo first.', true);
  else if (act === 'undo') back(done, undone, 'There is nothing to undo.');
  else if (act === 'redo') back(undone, done, 'There is nothing to redo.');
  else if (act === 'clear') { if (mask.some(Boolean)) { remember(); mask.fill(0); changed(); } }
  else if (needed) findNeeded(needed);
  else if (preset) toggle(presetCells(bytes(scene.presets[preset])), bytes(scene.presets[preset]));
  else if (region) toggle(cellsOf(Number(region)));
});
element.addEventListener('input', event => {
  const name = event.target.dataset.part;
  const shown = part(`${name}-shown`);
  if (shown) shown.textContent = `${event.target.value} %`;
  if (name === 'kind') part('threshold-row').hidden = event.target.value !== 'affective';
  if (['opacity', 'size'].includes(name)) draw();
  if (!scene) return;
  if (['kind', 'threshold', 'label', 'allocation', 'level', 'seed'].includes(name)) sendRegions(asked());
  if (['mode', 'label', 'allocation', 'level', 'seed'].includes(name)) changed();
});
// Paint the smallest set of cells that turns the answer, or all but the smallest that keeps it.
async function findNeeded(name) {
  const asking = scene.id;
  working(+1);
  let answer;
  try { answer = await server.needed(asked()); } catch { answer = {message: 'The server did not answer; try again.', wrong: true}; }
  working(-1);
  if (scene?.id !== asking) return;
  const found = answer.paintings?.[name];
  if (!found) return say(answer.message, true);
  if (!found.mask) return say(found.sentence, true);
  remember();
  mask = bytes(found.mask);
  part('mode').value = 'ignore';
  explained = found.sentence;
  changed();
}
function press() {
  for (const button of element.querySelectorAll('[data-tool]')) button.ariaPressed = String(button.dataset.tool === tool);
  if (!scene) return;
  for (const button of element.querySelectorAll('[data-preset]'))
    button.ariaPressed = String(holds(presetCells(bytes(scene.presets[button.dataset.preset]))));
  for (const button of document.querySelectorAll('#whatif [data-region]'))
    button.ariaPressed = String(holds(cellsOf(Number(button.dataset.region))));
}
function buttons() {
  const numbers = [...new Set(regions)].filter(Boolean).sort((a, b) => a - b);
  part('regions').replaceChildren(...numbers.map(number => {
    const button = document.createElement('button');
    button.type = 'button';
    button.dataset.region = number;
    button.textContent = number;
    button.title = `Region ${number}`;
    button.ariaLabel = `region ${number}`;
    return button;
  }));
  press();
}
// The report's rows are another component's: they light up their region here, and a click paints it.
const light = event => {
  const row = event.target.closest?.('#whatif-regions [data-region], #whatif-canvas [data-region]');
  const number = row ? Number(row.dataset.region) : 0;
  if (number !== highlighted && (row || event.type !== 'pointermove')) { highlighted = number; draw(); }
};
for (const kind of ['pointerover', 'focusin']) document.addEventListener(kind, light);
document.addEventListener('click', event => {
  const button = event.target.closest('#whatif-regions button[data-region]');
  if (button && scene) toggle(cellsOf(Number(button.dataset.region)));
});

// --- drawing

const dark = document.createElement('canvas');
const hatch = (() => {
  const tile = document.createElement('canvas');
  tile.width = tile.height = 8;
  const ink = tile.getContext('2d');
  ink.strokeStyle = 'rgba(255, 255, 255, 0.5)';
  ink.lineWidth = 1;
  ink.beginPath();
  for (const shift of [-8, 0, 8]) { ink.moveTo(shift, 8); ink.lineTo(shift + 8, 0); }
  ink.stroke();
  return pen.createPattern(tile, 'repeat');
})();
let planned = false;
function draw() {
  if (planned) return;
  planned = true;
  requestAnimationFrame(() => { planned = false; paintScene(); });
}
function paintScene() {
  const ratio = window.devicePixelRatio || 1;
  const width = canvas.clientWidth, height = canvas.clientHeight;
  if (!width || !height) return; // in a tab that is not open
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  if (!scene || !photo?.complete || !map?.complete) return;
  const opacity = part('opacity').value / 100;
  pen.filter = `grayscale(${opacity})`; // colour carries the map, so the photo fades to grey as the map gets opaque
  pen.drawImage(photo, 0, 0, width, height);
  pen.filter = 'none';
  pen.globalAlpha = opacity;
  pen.imageSmoothingEnabled = true;
  pen.drawImage(map, 0, 0, width, height);
  pen.globalAlpha = 1;
  drawMask(width, height);
  drawRegions(width, height);
  const [w, h] = [width / scene.columns, height / scene.rows];
  if (cursor) outline(() => pen.rect(cursor[1] * w, cursor[0] * h, w, h), 3);
  if (hover && tool !== 'region') {
    const radius = Math.max(part('size').value / 200 * Math.max(width, height), (w + h) / 4);
    outline(() => pen.arc(hover[0], hover[1], radius, 0, 7), 1.5);
  }
}
// What is taken out of sight: under "look only" that is everything else.
function drawMask(width, height) {
  if (!mask.some(Boolean)) return;
  const only = part('mode').value === 'look-only';
  const unseen = mask.map(value => only ? 255 - value : value);
  dark.width = scene.columns;
  dark.height = scene.rows;
  const image = new ImageData(scene.columns, scene.rows);
  unseen.forEach((value, cell) => image.data.set([12, 16, 28, value * 0.74], 4 * cell));
  dark.getContext('2d').putImageData(image, 0, 0);
  pen.imageSmoothingEnabled = false; // its cells are what is evaluated
  pen.drawImage(dark, 0, 0, width, height);
  const [w, h] = [width / scene.columns, height / scene.rows];
  pen.fillStyle = hatch;
  unseen.forEach((value, cell) => {
    if (value < 13) return;
    pen.globalAlpha = value / 255;
    pen.fillRect((cell % scene.columns) * w, Math.floor(cell / scene.columns) * h, w, h);
  });
  pen.globalAlpha = 1;
  edges((a, b) => (mask[a] > 127) !== (b >= 0 && mask[b] > 127), width, height, 1.5);
}
function drawRegions(width, height) {
  if (tool === 'region') {
    edges((a, b) => regions[a] !== (b >= 0 ? regions[b] : 0), width, height, 1);
    for (const number of new Set(regions)) if (number) badge(number, width, height);
  }
  if (!highlighted) return;
  const cells = new Set(cellsOf(highlighted));
  edges((a, b) => cells.has(a) !== cells.has(b), width, height, 3);
  if (tool !== 'region') badge(highlighted, width, height);
}
function edges(differ, width, height, thickness) {
  const {rows: m, columns: n} = scene;
  const [w, h] = [width / n, height / m];
  outline(() => {
    for (let row = 0; row < m; row++) for (let column = 0; column < n; column++) {
      const cell = row * n + column;
      const right = column + 1 < n ? cell + 1 : -1, below = row + 1 < m ? cell + n : -1;
      if (right >= 0 && differ(cell, right)) { pen.moveTo((column + 1) * w, row * h); pen.lineTo((column + 1) * w, (row + 1) * h); }
      if (below >= 0 && differ(cell, below)) { pen.moveTo(column * w, (row + 1) * h); pen.lineTo((column + 1) * w, (row + 1) * h); }
    }
  }, thickness);
}
// White on black, to be seen on any photo.
function outline(path, thickness) {
  for (const [colour, extra] of [['rgba(0, 0, 0, 0.65)', 2], ['#fff', 0]]) {
    pen.beginPath();
    path();
    pen.strokeStyle = colour;
    pen.lineWidth = thickness + extra;
    pen.stroke();
  }
}
function badge(number, width, height) {
  const cells = cellsOf(number);
  if (!cells.length) return;
  const middle = f => cells.reduce((sum, cell) => sum + f(cell) + 0.5, 0) / cells.length;
  const x = middle(cell => cell % scene.columns) * width / scene.columns;
  const y = middle(cell => Math.floor(cell / scene.columns)) * height / scene.rows;
  pen.beginPath();
  pen.arc(x, y, 11, 0, 7);
  pen.fillStyle = '#fff';
  pen.fill();
  pen.strokeStyle = '#000';
  pen.lineWidth = 1;
  pen.stroke();
  pen.fillStyle = '#111';
  pen.font = '600 12px system-ui, sans-serif';
  pen.textAlign = 'center';
  pen.textBaseline = 'middle';
  pen.fillText(String(number), x, y + 0.5);
}
new ResizeObserver(draw).observe(canvas);

// --- a new scene

const options = (select, choices, chosen) => {
  select.replaceChildren(...choices.map(([value, words]) => new Option(words, value)));
  select.value = chosen;
};
function load(source) {
  const image = new Image();
  image.onload = draw;
  image.src = source;
  return image;
}
function arrive() {
  const next = props.value;
  if (!next?.photo) {
    scene = null;
    mask = new Uint8Array(0);
    part('empty').hidden = false;
    part('flag').hidden = true;
    part('stage').style.removeProperty('--aspect');
    regions = new Uint16Array(0);
    buttons();
    say(next?.message ?? '', Boolean(next?.message));
    return draw();
  }
  if (scene?.id === next.id) { // this very scene is on the screen already; another page may have looked at another emotion
    const look = ['label', 'allocation', 'level', 'seed'].filter(name => String(part(name).value) !== String(next.view[name]));
    for (const name of look) part(name).value = next.view[name];
    if (look.length) { sendRegions(asked()); changed(); }
    return draw();
  }
  scene = next;
  mask = new Uint8Array(scene.rows * scene.columns);
  done = [];
  undone = [];
  regions = new Uint16Array(mask.length);
  highlighted = 0;
  cursor = null;
  part('empty').hidden = true;
  part('stage').style.setProperty('--aspect', scene.aspect);
  options(part('label'), scene.labels.map(label => [label, label]), scene.view.label);
  options(part('allocation'), scene.allocations, scene.view.allocation);
  options(part('level'), scene.levels, scene.view.level);
  part('seed').value = scene.view.seed;
  if (scene.view.mask) {
    mask = bytes(scene.view.mask);
    part('mode').value = scene.view.mode;
  }
  part('flag').textContent = scene.flag;
  part('flag').hidden = !scene.flag;
  document.querySelector('#whatif').style.setProperty('--whatif-photo', `url("${scene.photo}")`);
  photo = load(scene.photo);
  map = load(scene.map);
  say(next.message ?? '');
  sendRegions(asked());
  changed();
}
watch('value', arrive);

arrive();
