const patienceMs = 300
/** A download leaves the page as it is, and nothing tells it that it has begun. */
const downloadMs = 4_000
const status = document.getElementById('busy')
let waiting

addEventListener('click', (event) => {
  const link = event.target.closest('a[href]')
  const elsewhere =
    event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey
  if (!link || elsewhere || link.getAttribute('href').startsWith('#')) return
  if ('download' in link.dataset) beginDownload()
  else begin('Working on it…')
})
addEventListener('submit', (event) => event.defaultPrevented || begin('Working on it…'))
addEventListener('pageshow', end)
addEventListener('pagehide', end)

function begin(words) {
  clearTimeout(waiting)
  waiting = setTimeout(() => {
    status.textContent = words
  }, patienceMs)
}

function beginDownload() {
  begin('Your download is about to begin…')
  setTimeout(end, downloadMs)
}

function end() {
  clearTimeout(waiting)
  status.textContent = ''
}
