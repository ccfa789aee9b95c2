/** Control characters, changes of direction and whatever else hides, and what separates folders on any system. */
const unsafe = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}/\\:*?"<>|]/gu

/** The name under which an object is saved: the last part of its key. */
export function fileName(key: string): string {
  const last = key.split('/').findLast((part) => part !== '') ?? ''
  const name = last.replace(unsafe, '_').replace(/^\.+$/, '')
  return name || 'download'
}

/**
 * The header that makes a browser save an object, never show it.
 * @see RFC 6266, section 4; RFC 8187, section 3.2
 */
export function attachment(key: string): string {
  const name = fileName(key)
  const ascii = name.replace(/[^\x20-\x7e]|%/g, '_')
  const extended = encodeURIComponent(name).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `attachment; filename="${ascii}"; filename*=UTF-8''${extended}`
}
