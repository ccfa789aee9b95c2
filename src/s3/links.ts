type Parameters = readonly (readonly [name: string, value: string | undefined])[]

const withQuery = (path: string, parameters: Parameters): string => {
  const given = parameters.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))
  return given.length > 0 ? `${path}?${new URLSearchParams(given)}` : path
}

/** Address of the bucket list. */
export const bucketsHref = (parameters: Parameters = []): string => withQuery('/s3/', parameters)

/**
 * Address of a folder. Keys stand in the query: in a path, proxies and browsers would tidy up `//`, `.` and `..`.
 * @param prefix `''` for the whole bucket
 */
export const folderHref = (bucket: string, prefix = '', parameters: Parameters = []): string =>
  withQuery(`/s3/${encodeURIComponent(bucket)}/`, [['prefix', prefix || undefined], ...parameters])

/** Address that downloads an object. */
export const downloadHref = (bucket: string, key: string): string =>
  withQuery(`/s3/${encodeURIComponent(bucket)}/download`, [['key', key]])
