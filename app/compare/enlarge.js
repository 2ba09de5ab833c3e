// Opens a panel large.  Rows come and go, so this listens on the page.  The browser gives the focus back on closing.
const dialog = element.querySelector('dialog');
const body = dialog.querySelector('.content');

document.addEventListener('click', event => {
  const button = event.target.closest('#compare-rows .open');
  if (!button) return;
  const figure = button.closest('.cell');
  body.replaceChildren(...figure.querySelector('.more').cloneNode(true).childNodes);
  const photo = figure.closest('.photo-row').querySelector('.cell .frame img').src;
  for (const image of body.querySelectorAll('.large .plain, .large .under')) image.src = photo;
  body.querySelector('.large .over').src = button.querySelector('img').src;
  dialog.setAttribute('aria-label', body.querySelector('h3').textContent);
  dialog.showModal();
  dialog.scrollTop = 0;
});
dialog.addEventListener('input', event => {
  if (event.target.type === 'range') body.querySelector('.large .over').style.opacity = event.target.value / 100;
});
dialog.addEventListener('click', event => {
  if (event.target === dialog || event.target.closest('.close')) dialog.close();
});
