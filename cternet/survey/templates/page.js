// The page of a survey.  Names of files are only ever set as text, never as markup.
"use strict"

const BATCH = 60 // cards added when the end of the grid comes near
const $ = (id) => document.getElementById(id)
const state = { label: null, shown: [], drawn: 0, open: -1 }

function element(tag, properties = {}, ...children) {
  const { style, ...others } = properties
  const made = Object.assign(document.createElement(tag), others)
  Object.assign(made.style, style)
  made.append(...children)
  return made
}

const minus = (text) => text.replace("-", "−")
const number = (value) => (value === null ? "–" : minus(Math.abs(value) >= 1000 ? value.toFixed(0) : value.toPrecision(3)))
const plural = (count, one) => `${count.toLocaleString("en")} ${one}${count === 1 ? "" : "s"}`
const labelOf = (photo) => SURVEY.labels[photo.label]
const file = (photo, ending) => `pictures/${photo.key.slice(0, 2)}/${photo.key}${ending}`
const swatch = (label) => element("span", { className: "swatch", style: { background: label.colour || "transparent" } })
const polarity = (label) => ({ positive: "+ positive", negative: "− negative" })[label.polarity] || "polarity unknown"

// --- grid

const wrong = (photo) => photo.truth !== null && photo.truth !== photo.label

function card(photo, index) {
  const label = labelOf(photo)
  const text = element(
    "span",
    { className: "text" },
    element("span", { className: "label" }, swatch(label), label.name, element("span", { className: "polarity" }, polarity(label))),
    element(
      "span",
      { className: "numbers" },
      element("span", { title: "Probability of this emotion" }, `${(100 * photo.probability).toFixed(0)} %`),
      wrong(photo) ? element("span", { className: "wrong" }, `labelled ${SURVEY.labels[photo.truth].name}`) : "",
      element("span", { title: "Size of the total effect" }, `|Y_TE| ${number(photo.norm)}`),
      element("span", { title: "Disagreement of the maps" }, `disagreement ${number(photo.disagreement)}`),
    ),
    element("span", { className: "name", title: photo.name }, photo.name),
  )
  const picture = element("img", { src: file(photo, ".jpg"), alt: "", loading: "lazy", decoding: "async" })
  const words = `${photo.name}: ${label.name}, ${(100 * photo.probability).toFixed(0)} %, ${wrong(photo) ? `labelled ${SURVEY.labels[photo.truth].name}, ` : ""}${label.polarity || "polarity unknown"}, effect ${number(photo.norm)}, disagreement ${number(photo.disagreement)}`
  const button = element("button", { type: "button", className: "card", onclick: () => enlarge(index) }, picture, text)
  button.setAttribute("aria-label", words)
  return element("li", {}, button)
}

function drawMore() {
  const next = state.shown.slice(state.drawn, state.drawn + BATCH)
  $("grid").append(...next.map((photo, index) => card(photo, state.drawn + index)))
  state.drawn += next.length
}

const end = new IntersectionObserver(
  (seen) => {
    if (!seen.some((entry) => entry.isIntersecting) || state.drawn >= state.shown.length) return
    drawMore()
    end.unobserve($("more")) // observed anew, it reports again if the end is still near
    end.observe($("more"))
  },
  { rootMargin: "1200px" },
)

function arrange() {
  const query = $("query").value.trim().toLowerCase()
  const order = $("order").value
  const sign = $("direction").getAttribute("aria-pressed") === "true" ? -1 : 1
  const wanted = (photo) =>
    (state.label === null || photo.label === state.label) && (!$("mistakes").checked || wrong(photo)) && (!query || photo.name.toLowerCase().includes(query))
  const compare = (a, b) => {
    if ((a[order] === null) !== (b[order] === null)) return a[order] === null ? 1 : -1 // unknown last, either way
    return sign * (a[order] - b[order]) || a.place - b.place
  }
  state.shown = SURVEY.photos.filter(wanted).sort(compare)
  state.drawn = 0
  $("grid").replaceChildren()
  drawMore()
  end.unobserve($("more"))
  end.observe($("more"))
  $("count").textContent = `${state.shown.length.toLocaleString("en")} of ${plural(SURVEY.photos.length, "photo")}`
  $("nothing").hidden = state.shown.length > 0
  $("nothing").textContent = SURVEY.photos.length ? "No photo is like that; choose another emotion or name." : "There are no photos here."
}

function names() {
  const descending = $("direction").getAttribute("aria-pressed") === "true"
  const words = { place: ["first to last", "last to first"], label: ["A to Z", "Z to A"] }[$("order").value]
  $("direction").textContent = (words || ["smallest first", "largest first"])[Number(descending)]
}

function emotionButtons() {
  const counts = SURVEY.labels.map((_, index) => SURVEY.photos.filter((photo) => photo.label === index).length)
  const choose = (label) => {
    state.label = label
    for (const button of $("emotions").children) button.setAttribute("aria-pressed", String(button.value === String(label)))
    arrange()
  }
  const button = (label, count, ...content) =>
    element("button", { type: "button", value: String(label), disabled: !count, onclick: () => choose(label) }, ...content)
  $("emotions").replaceChildren(
    button(null, 1, `all ${SURVEY.photos.length.toLocaleString("en")}`),
    ...SURVEY.labels.map((label, index) => button(index, counts[index], swatch(label), `${label.name} ${counts[index].toLocaleString("en")}`)),
  )
  choose(null)
}

// --- one photo, large

function panel(photo, index, title, caption, problem) {
  const cells = SURVEY.methods.length + 1
  const picture = element("img", {
    src: file(photo, "-maps.jpg"),
    alt: index ? `${title} of ${photo.name}` : photo.name,
    style: { width: `${100 * cells}%`, marginLeft: `${-100 * index}%`, maxWidth: "none" },
  })
  const cell = element("div", { className: "cell" }, problem ? element("p", {}, problem) : picture)
  return element("figure", {}, element("figcaption", {}, title), cell, element("p", {}, caption))
}

function effects(photo) {
  const top = Math.max(...photo.effects.map(Math.abs)) || 1
  const rows = SURVEY.labels.map((label, index) => ({ label, value: photo.effects[index] })).sort((a, b) => b.value - a.value)
  const chart = element("div", { className: "effects" })
  for (const { label, value } of rows) {
    const share = (50 * Math.abs(value)) / top
    const fill = element("div", { className: "fill", style: { width: `${share}%`, left: `${value < 0 ? 50 - share : 50}%` } })
    chart.append(element("div", {}, swatch(label), ` ${label.name}`), element("div", { className: "value" }, number(value)), element("div", { className: "axis" }, fill))
  }
  return chart
}

function table(photo) {
  const row = (title, cells) => element("tr", {}, element("th", { scope: "row" }, title), ...cells)
  const titles = [["Method", ""], ["Agreement with the others", "Mean rank correlation"]]
  titles.push(...SURVEY.metrics.map((metric) => [`${metric.title} ${metric.arrow}`, metric.about]))
  const head = element("tr", {}, ...titles.map(([words, title]) => element("th", { scope: "col", title }, words)))
  const rows = SURVEY.methods.map((method, index) => {
    const [found, ...values] = photo.maps[index]
    const compared = values.map((value, which) => {
      const control = (photo.controls[method.explains] || [])[which]
      const known = value !== null && control !== null && control !== undefined
      const better = SURVEY.metrics[which].higher ? value > control : value < control
      return element("td", {}, number(value), known ? element("small", {}, value === control ? "as random" : better ? "better than random" : "worse than random") : "")
    })
    return row(method.title, [element("td", {}, typeof found === "string" ? "–" : number(found[2])), ...compared])
  })
  const controls = photo.controls.map((values, index) =>
    row(`Random map, ${SURVEY.classifiers[index]}`, [element("td", {}, "–"), ...values.map((value) => element("td", {}, number(value)))]),
  )
  const made = element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows, ...controls))
  const scroll = element("div", { className: "scroll", tabIndex: 0 }, made)
  scroll.setAttribute("role", "region")
  scroll.setAttribute("aria-label", "Numbers of the maps")
  return scroll
}

function enlarge(index) {
  const photo = state.shown[index]
  if (!photo) return
  const label = labelOf(photo)
  state.open = index
  $("large-name").textContent = photo.name
  $("previous").disabled = index === 0
  $("next").disabled = index === state.shown.length - 1
  const panels = SURVEY.methods.map((method, place) => {
    const [found] = photo.maps[place]
    const problem = typeof found === "string" ? found : ""
    return panel(photo, place + 1, method.title, problem ? "" : `${number(found[0])} to ${number(found[1])}`, problem)
  })
  $("large-body").replaceChildren(
    element("p", { className: "answer" }, swatch(label), " ", element("strong", {}, label.name), ` ${polarity(label)}, probability ${number(photo.probability)}. |Y_TE| ${number(photo.norm)}, disagreement ${number(photo.disagreement)}.`),
    element("div", { className: "panels" }, panel(photo, 0, "Photo", `${photo.width} × ${photo.height} pixels`, ""), ...panels),
    element("h3", {}, "Total effect Y_TE of each emotion, in logits"),
    effects(photo),
    element("h3", {}, SURVEY.metrics.length ? "Agreement and faithfulness" : "Agreement"),
    table(photo),
  )
  if (!$("large").open) $("large").showModal()
  $("large").scrollTop = 0
}

$("close").onclick = () => $("large").close()
$("previous").onclick = () => enlarge(state.open - 1)
$("next").onclick = () => enlarge(state.open + 1)
$("large").onclick = (event) => event.target === $("large") && $("large").close() // beside it
$("large").onkeydown = (event) => {
  if (event.key === "ArrowLeft") enlarge(state.open - 1)
  if (event.key === "ArrowRight") enlarge(state.open + 1)
}

// --- photos whose folders say what they are

function labelled() {
  const matrix = SURVEY.confusion
  if (!matrix) return
  $("labelled").hidden = $("mistakes-row").hidden = false
  const total = matrix.flat().reduce((sum, count) => sum + count, 0)
  const right = matrix.reduce((sum, row, index) => sum + row[index], 0)
  $("labelled").querySelector("summary").textContent =
    `Right for ${right.toLocaleString("en")} of ${plural(total, "photo")} in folders named after emotions: ${((100 * right) / total).toFixed(1)} %`
  const cells = (row, place) => row.map((count, index) => element("td", { className: index === place ? "right" : "" }, String(count)))
  const heads = ["labelled", ...SURVEY.labels.map((label) => label.name)].map((name) => element("th", { scope: "col" }, name))
  $("labelled").querySelector("thead").append(element("tr", {}, ...heads))
  $("labelled").querySelector("tbody").append(
    ...matrix.map((row, place) => element("tr", {}, element("th", { scope: "row" }, SURVEY.labels[place].name), ...cells(row, place))),
  )
}

// --- start

labelled()
$("mistakes").onchange = arrange

SURVEY.photos.forEach((photo, place) => (photo.place = place))
$("summary").textContent =
  `${plural(SURVEY.photos.length + SURVEY.hidden, "photo")}, model ${SURVEY.model}` +
  (SURVEY.hidden ? `; the page shows the first ${SURVEY.photos.length.toLocaleString("en")}, table.parquet has all` : "")
$("unfinished").hidden = SURVEY.complete
if (SURVEY.skippedCount) {
  $("skipped").hidden = false
  const all = SURVEY.skippedCount > SURVEY.skipped.length ? `; the first ${SURVEY.skipped.length} are listed here, all in skipped.json` : ""
  $("skipped").querySelector("summary").textContent = `${plural(SURVEY.skippedCount, "file")} skipped${all}`
  $("skipped").querySelector("tbody").append(...SURVEY.skipped.map(([name, reason]) => element("tr", {}, element("td", {}, name), element("td", {}, reason))))
}
$("controls").onsubmit = (event) => event.preventDefault()
$("query").oninput = arrange
$("order").onchange = () => {
  $("direction").setAttribute("aria-pressed", String(["norm", "disagreement"].includes($("order").value)))
  names()
  arrange()
}
$("direction").onclick = () => {
  $("direction").setAttribute("aria-pressed", String($("direction").getAttribute("aria-pressed") !== "true"))
  names()
  arrange()
}
names()
emotionButtons()
