// Switches that the browser remembers: a button with data-toggle="NAME" sets the class of that name on the body.
// "dark" is the theme, whose first value is the system's; "method" shows what the numbers come from.
const kept = name => { try { return localStorage.getItem(`studio-${name}`); } catch { return null; } };
function set(name, on) {
  document.body.classList.toggle(name === 'dark' ? 'dark' : `show-${name}`, on);
  for (const button of document.querySelectorAll(`[data-toggle="${name}"]`)) {
    if (button.hasAttribute('aria-expanded')) button.setAttribute('aria-expanded', on);
    else button.setAttribute('aria-pressed', on);
  }
}
const state = {
  dark: kept('dark') === null ? document.body.classList.contains('dark') : kept('dark') === 'true',
  method: kept('method') === 'true',
};
const apply = () => { for (const [name, on] of Object.entries(state)) set(name, on); };
document.addEventListener('click', event => {
  const name = event.target.closest?.('[data-toggle]')?.dataset.toggle;
  if (!name) return;
  state[name] = !state[name];
  try { localStorage.setItem(`studio-${name}`, state[name]); } catch { /* not remembered, then */ }
  set(name, state[name]);
  window.dispatchEvent(new Event('resize')); // sliders measure themselves
});
apply();
setTimeout(apply, 500); // gradio sets its own theme, and draws buttons, while the page comes up
