// What a visitor is told while their photo waits for the network, and how many are before it.  The queue is the server's; it is asked.
const said = element.querySelector('.waiting');
const pause = milliseconds => new Promise(wake => setTimeout(wake, milliseconds));
const NOT_TAKEN = 'The server is busy and did not take this photo. Choose it again in a moment.';
const NO_LINE = 'The server cannot be reached. This page goes on when it can.';
let asked = 0; // which photo is waited for: the last one

function say(text, old = text !== '') {
  said.textContent = text;
  document.querySelector('#pages')?.classList.toggle('old', old); // what is on the pages is another photo's
}
function sentence(before) {
  if (before === 0) return 'Looking at the photo…';
  return `The server is busy: ${before} ${before === 1 ? 'photo' : 'photos'} before yours.`;
}
// How many are before the visitor's photo, null where none of theirs waits, undefined where the server cannot be reached.
const ask = () => server.photos_before(null).catch(() => undefined);

document.addEventListener('photo-sent', async () => {
  const mine = ++asked;
  await pause(300); // most are there by then
  let missed = 0, seen = false; // it may not have joined the queue yet
  while (mine === asked && missed < 4) {
    const before = await ask();
    if (mine !== asked) return;
    if (before === undefined) say(NO_LINE);
    if (typeof before === 'number') say(sentence(before));
    seen ||= typeof before === 'number';
    missed = before === null ? missed + 1 : 0;
    await pause(500);
  }
  if (mine !== asked) return;
  document.dispatchEvent(new Event('photo-answered'));
  say(seen || document.querySelector('#notice .message') ? '' : NOT_TAKEN);
});
document.addEventListener('photo-opened', async () => {
  const then = asked;
  const more = said.textContent && typeof await ask() === 'number'; // another one was chosen while this one waited
  if (then !== asked || more) return;
  asked++;
  say('');
});
