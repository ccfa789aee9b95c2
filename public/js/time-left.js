// Keeps the words beside the end of the access true while the page stays open, also after the computer slept.
// A module, so that it runs once however often a page includes it.
const shown = document.querySelectorAll('[data-until]')
const [{ dataset }] = shown
const until = Date.parse(dataset.until)
// The clock of this computer may be wrong. Only the time that passes on it counts.
const ahead = Date.now() - Date.parse(dataset.now)

const plural = (count, unit) => (count === 0 ? '' : `${count} ${unit}${count === 1 ? '' : 's'}`)

function show() {
  const left = until - (Date.now() - ahead)
  const minutes = Math.floor(left / 60_000)
  const words = `${plural(Math.floor(minutes / 60), 'hour')} ${plural(minutes % 60, 'minute')}`.trim()
  for (const one of shown)
    one.textContent = left <= 0 ? 'none (load the page again)' : words || 'less than a minute'
}

setInterval(show, 10_000)
document.addEventListener('visibilitychange', show)
