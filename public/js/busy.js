const patienceMs = 300
const status = document.getElementById('busy')
let waiting

addEventListener('click', (event) => {
  const link = event.target.closest('a[href]')
  const elsewhere =
    event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey
  if (!link || elsewhere || link.getAttribute('href').startsWith('#')) return
  // A download leaves this page as it is, and nothing would say that it has begun.
  if (!('download' in link.dataset)) begin()
})
addEventListener('submit', (event) => event.defaultPrevented || begin())
addEventListener('pageshow', end)
addEventListener('pagehide', end)

function begin() {
  clearTimeout(waiting)
  waiting = setTimeout(() => {
    status.textContent = 'Working on it…'
  }, patienceMs)
}

function end() {
  clearTimeout(waiting)
  status.textContent = ''
}
