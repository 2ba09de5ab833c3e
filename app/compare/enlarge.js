// Opens a panel large.  Rows come and go, so this listens on the page.  The browser gives the focus back on closing.
const dialog = element.querySelector('dialog');
const body = dialog.querySelector('.content');

document.addEventListener('click', event => {
  const button = event.target.closest('#compare-rows .open');
  if (!button) return;
  const figure = button.closest('.cell');
  body.replaceChildren(...figure.querySelector('.more').cloneNode(true).childNodes);
  body.querySelector('.large img').src = button.querySelector('img').src;
  dialog.setAttribute('aria-label', body.querySelector('h3').textContent);
  dialog.showModal();
  dialog.scrollTop = 0;
});
dialog.addEventListener('click', event => {
  if (event.target === dialog || event.target.closest('.close')) dialog.close();
});
