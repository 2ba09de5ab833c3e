// The address says what is on the screen, so that reload, Back and links work.  The server sends the link of a photo it has opened;
// pages add what is looked at and painted.  The visitor's own photos stay in this browser, for an hour, to be there after a reload.
const said = element.querySelector('.said');
const kept = element.querySelector('.kept');
const byHand = element.querySelector('.by-hand');
// What a site adds to the address of the frame it shows this page in, such as __theme and __sign: it stays there, and out of links.
const isSites = ([key]) => key.startsWith('__');
const sites = [...new URLSearchParams(location.search)].filter(isSites);
const ours = () => new URLSearchParams([...new URLSearchParams(location.search)].filter(one => !isSites(one)));
const UNSEEN = 'unseen'; // a photo on its way to the server; the page comes up anew where the connection was cut meanwhile
const tab = (() => {
  try { return window.sessionStorage; } catch { return null; } // a frame of another site may have none
})();
let sent = tab?.getItem(UNSEEN); // this tab's name for it
let painted = null; // the parameters of a painting that another photo took the place of
let current = ours();
let following = false; // the address is as it should be: the visitor went back or forward

function write(push) {
  const query = '?' + new URLSearchParams([...current, ...sites]);
  if (query === location.search) return;
  history[push ? 'pushState' : 'replaceState'](history.state, '', location.pathname + query); // not the first model's: gradio sets a base
}
window.studio = {
  // Merge parameters into the address; null removes one.
  set(changes, push = false) {
    for (const [key, value] of Object.entries(changes)) value == null ? current.delete(key) : current.set(key, value);
    if (current.has('link')) write(push);
  },
  painted(link) {
    const panel = current.get('panel');
    current = new URLSearchParams(link);
    if (panel) current.set('panel', panel);
    write(false);
  },
  // The tab that is open now: gradio reports its first tab too, when it draws it, and that may come late.
  panel() {
    const name = document.querySelector('#pages [data-tab-id][aria-selected=true]')?.dataset.tabId;
    if (this.opened && name && (current.get('panel') ?? 'analyze') !== name) this.set({panel: name}, true);
  },
  get: key => current.get(key),
  opened: 0, // photos since the page came up
  photo: null, // the id of the one that is open
};

function arrive() {
  const next = props.value;
  window.studio.photo = next?.id ?? null;
  document.dispatchEvent(new Event('photo-opened'));
  if (next?.missing) return bringBack(next.missing);
  if (typeof next?.link !== 'string') return; // text has a method of that name
  const before = new URLSearchParams(location.search);
  const panel = current.get('panel');
  current = new URLSearchParams(next.link);
  const lost = !following && before.has('mask') && current.get('mask') !== before.get('mask');
  const other = before.get('image') !== next.image;
  if (following || lost || other) offer(lost ? before : null);
  if (panel) current.set('panel', panel);
  // Whoever came without a link sees the first example; the address stays plain until they do something.
  if (!following && (window.studio.opened || before.has('link'))) write(window.studio.opened && (other || lost));
  following = false;
  window.studio.opened++;
  if (!before.has('link')) window.studio.panel(); // a tab chosen before the photo was there
  if (next.image.startsWith('sha256-')) keep(next.image);
  if (sent) bringBack(sent);
  else tab?.removeItem(UNSEEN);
  sent = null;
}
// A photo took the place of one with a painting: one click brings both back.
function offer(parameters) {
  painted = parameters;
  kept.hidden = painted === null;
}
kept.querySelector('.back').addEventListener('click', () => {
  current = painted;
  write(true);
  following = true;
  document.querySelector('#follow')?.click();
});
watch('value', arrive);
arrive();

window.addEventListener('popstate', () => {
  current = ours();
  following = true;
  document.querySelector('#follow')?.click();
});

// --- the visitor's own photos, in this browser

const HOUR = 3600e3;
function store(mode, work) {
  return new Promise((done, failed) => {
    const request = indexedDB.open('cternet-studio', 1);
    request.onupgradeneeded = () => request.result.createObjectStore('photos', {keyPath: 'image'});
    request.onerror = () => failed(request.error);
    request.onsuccess = () => {
      const action = work(request.result.transaction('photos', mode).objectStore('photos'));
      action.onsuccess = () => done(action.result);
      action.onerror = () => failed(action.error);
    };
  });
}
async function keep(image) {
  try {
    const all = await store('readonly', photos => photos.getAll());
    for (const old of all) if (Date.now() - old.when > HOUR) await store('readwrite', photos => photos.delete(old.image));
    const source = document.querySelector('#photo img')?.src;
    if (!source || !image.startsWith(UNSEEN) && all.some(old => old.image === image)) return;
    const name = decodeURIComponent(source.split('/').pop());
    const file = await (await fetch(source)).blob();
    await store('readwrite', photos => photos.put({image, name, when: Date.now(), file}));
  } catch { /* a browser that keeps nothing: a reload then asks for the photo */ }
}
document.addEventListener('photo-answered', () => tab?.removeItem(UNSEEN)); // whatever the answer: it is not lost
document.addEventListener('photo-sent', event => {
  if (!event.detail?.own || !tab) return;
  const name = tab.getItem(UNSEEN) ?? `${UNSEEN}-${Math.random()}`;
  tab.setItem(UNSEEN, name);
  keep(name);
});
async function bringBack(image) {
  try {
    const found = await store('readonly', photos => photos.get(image));
    if (found?.file && Date.now() - found.when < HOUR) give(new File([found.file], found.name, {type: found.file.type}));
  } catch { /* as above */ }
}

// --- files dropped or pasted anywhere go the way of the photo's own field

async function give(file) {
  let input = null;
  for (let attempt = 0; attempt < 60 && !input; attempt++) {
    input = document.querySelector('#photo input[type=file]');
    if (!input) await new Promise(wake => setTimeout(wake, 50));
  }
  if (!input) return;
  const chosen = new DataTransfer();
  chosen.items.add(file);
  input.files = chosen.files;
  input.dispatchEvent(new Event('change', {bubbles: true}));
}
const pictureOf = files => [...files ?? []].find(file => file.type.startsWith('image/')) ?? files?.[0];
const elsewhere = event => !event.target.closest?.('#photo, input, textarea, #compare-photos, #many');
document.addEventListener('dragover', event => { if (elsewhere(event)) event.preventDefault(); });
document.addEventListener('drop', event => {
  const file = pictureOf(event.dataTransfer?.files);
  if (!file || !elsewhere(event)) return;
  event.preventDefault();
  give(file);
});
document.addEventListener('paste', event => {
  const file = pictureOf(event.clipboardData?.files);
  if (file && elsewhere(event)) give(file);
});

// Gradio calls the examples "Thumbnail 3 of 8": they have names.
async function name() {
  for (let attempt = 0; attempt < 100; attempt++) {
    const buttons = document.querySelectorAll('#examples button:has(.caption-label)');
    for (const button of buttons) {
      button.title = button.querySelector('.caption-label').textContent.trim();
      button.setAttribute('aria-label', button.title);
    }
    if (buttons.length) return;
    await new Promise(wake => setTimeout(wake, 100));
  }
}
name();

// --- the link

element.querySelector('.link').addEventListener('click', async () => {
  const link = location.origin + location.pathname + (current.has('link') ? '?' + current : '');
  try {
    await navigator.clipboard.writeText(link);
    said.textContent = current.get('image')?.startsWith('sha256-')
      ? 'Copied. Whoever opens it needs the same photo file.' : 'Copied.';
    byHand.hidden = true;
  } catch { // neither the browser nor the site that frames this page lets it copy
    said.textContent = 'Copy this link:';
    byHand.value = link;
    byHand.hidden = false;
    byHand.select();
  }
});
