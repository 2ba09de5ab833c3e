// What a visitor is told while their photo waits for the network, and how many are before it.  The queue is the server's; it is asked.
const said = element.querySelector('.waiting');
const pause = milliseconds => new Promise(wake => setTimeout(wake, milliseconds));
let asked = 0; // which photo is waited for: the last one

function say(text) {
  said.textContent = text;
  document.querySelector('#pages')?.classList.toggle('old', text !== ''); // what is on the pages is another photo's
}
function sentence(before) {
  if (before === 0) return 'Looking at the photo…';
  return `The server is busy: ${before} ${before === 1 ? 'photo' : 'photos'} before yours.`;
}
async function ask() {
  return server.photos_before(null).catch(() => null);
}
document.addEventListener('photo-sent', async () => {
  const mine = ++asked;
  await pause(300); // most are there by then
  let missed = 0; // it may not have joined the queue yet
  while (mine === asked && missed < 3) {
    const before = await ask();
    if (mine !== asked) return;
    missed = before === null ? missed + 1 : 0;
    if (before !== null) say(sentence(before));
    await pause(500);
  }
  if (mine === asked) say('');
});
document.addEventListener('photo-opened', async () => {
  const then = asked;
  const more = said.textContent && await ask() !== null; // another one was chosen while this one waited
  if (then !== asked || more) return;
  asked++;
  say('');
});
