const accepted = new Set([
  'access_token',
  'token_type',
  'expires_in',
  'state',
  'scope',
  'error',
  'error_description',
])
const form = document.getElementById('answer')
const answer = [...new URLSearchParams(location.hash.slice(1))].filter(([name]) => accepted.has(name))

history.replaceState(null, '', location.pathname)
if (answer.length > 0) post(answer)
else showNothingCameBack()
addEventListener('pageshow', (event) => event.persisted && showNothingCameBack())

function post(fields) {
  form.append(...fields.map(hiddenField))
  form.submit()
}

function hiddenField([name, value]) {
  return Object.assign(document.createElement('input'), { type: 'hidden', name, value })
}

function showNothingCameBack() {
  form.replaceChildren()
  document.getElementById('working').hidden = true
  document.getElementById('nothing').hidden = false
  document.querySelector('#nothing h1').focus()
}
