/** Runs in the page: what is drawn by lot, such as ids and ports, and what took some time, is the same on every run. */
export function withoutChance(): void {
  const sameAlways: [RegExp, string][] = [
    [/[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[\da-f]{4}-[\da-f]{12}/g, '7d4e0c1a-5b2f-4c3d-9e8f-0a1b2c3d4e5f'],
    [/(amzn1\.application(?:-oa2-client)?\.)[\da-f]{32}/g, '$1f0a1b2c3d4e5f60718293a4b5c6d7e8f'],
    [/ASIA[A-Z2-7]{16}/g, 'ASIAIOSFODNN7EXAMPLE'],
    [/\b\d+(\.\d+)? m?s\b/g, '40 ms'],
    [/(localhost|127\.0\.0\.1):\d+/g, '$1:3000'],
  ]
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (texts.nextNode()) {
    const text = texts.currentNode
    for (const [chance, same] of sameAlways) text.nodeValue = text.nodeValue?.replace(chance, same) ?? ''
  }
  for (const [index, bar] of document.querySelectorAll('.flow-bar').entries()) {
    bar.setAttribute('x', String(index * 120))
    bar.setAttribute('width', '100')
  }
}
