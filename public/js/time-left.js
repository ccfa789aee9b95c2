// Keeps the words beside the end of the access true while the page stays open, also after the computer slept.
const shown = document.querySelector('[data-until]')
const until = Date.parse(shown.dataset.until)
// The clock of this computer may be wrong. Only the time that passes on it counts.
const ahead = Date.now() - Date.parse(shown.dataset.now)

const plural = (count, unit) => (count === 0 ? '' : `${count} ${unit}${count === 1 ? '' : 's'}`)

function show() {
  const left = until - (Date.now() - ahead)
  const minutes = Math.floor(left / 60_000)
  const words = `${plural(Math.floor(minutes / 60), 'hour')} ${plural(minutes % 60, 'minute')}`.trim()
  shown.textContent = left <= 0 ? 'no time: it has ended' : words || 'less than a minute'
}

setInterval(show, 10_000)
document.addEventListener('visibilitychange', show)
