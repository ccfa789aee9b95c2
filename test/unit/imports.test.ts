import { isBuiltin } from 'node:module'
import { describe, expect, it } from 'vitest'
import { type Import, readJson, type SourceFile, sourceFiles } from './source-files.ts'

const application = sourceFiles('src')
const sandbox = sourceFiles('sandbox')

/** Each stands on those to its right. */
const ground = [
  'aws-client.ts',
  'http-client.ts',
  'send-request.ts',
  'unusable-answer.ts',
  'config.ts',
  'errors.ts',
  'random.ts',
  'request-context.ts',
  'exchange.ts',
  'upstream-call.ts',
  'utc.ts',
  'visible.ts',
]

/** What a room may import besides its own files, the ground and the files named in `also`. */
const rooms: Record<string, string[]> = {
  login: ['flow', 'session', 'federation', 'observe'],
  flow: ['session', 'federation', 'observe'],
  s3: ['session', 'observe'],
  web: ['observe'],
  session: ['observe'],
  federation: ['observe'],
  observe: [],
}

/** Single files of another room, and whether only their types. A line that nothing needs any more is an error. */
const also: { room: string; to: string; typeOnly: boolean; because: string }[] = [
  {
    room: 's3',
    to: 'src/federation/access.ts',
    typeOnly: false,
    because: 'the type, and the arithmetic on the expiry',
  },
  { room: 'session', to: 'src/federation/access.ts', typeOnly: true, because: 'it keeps Access' },
  { room: 'session', to: 'src/federation/identity.ts', typeOnly: true, because: 'it keeps a Person' },
  // Upwards, against the rule: what is audited is named by these types.
  { room: 'observe', to: 'src/federation/access.ts', typeOnly: true, because: 'audit.ts logs an Access' },
  { room: 'observe', to: 'src/federation/identity.ts', typeOnly: true, because: 'audit.ts logs a Person' },
]

/** The room of a file, or the file itself where it stands in none. */
const roomOf = (path: string): string => path.split('/')[1] ?? ''

function isAllowed(path: string, { to, typeOnly }: Import): boolean {
  const [from, target] = [roomOf(path), roomOf(to)]
  if (from === 'main.ts') return target === 'serve.ts'
  if (from === 'serve.ts') return !['main.ts', 'serve.ts'].includes(target)
  if (from === 'app.ts') return !['main.ts', 'serve.ts', 'app.ts'].includes(target)
  // A top of its own: it puts the parts together as serve.ts does.
  if (from === 'doctor') return !['main.ts', 'serve.ts', 'app.ts'].includes(target)
  if (ground.includes(from)) return ground.indexOf(target) > ground.indexOf(from)
  if (target === from || ground.includes(target)) return true
  return (
    rooms[from]?.includes(target) ||
    also.some((one) => one.room === from && one.to === to && (typeOnly || !one.typeOnly))
  )
}

const ours = (file: SourceFile): Import[] => file.imports.filter(({ specifier }) => specifier.startsWith('.'))
const packages = (file: SourceFile): Import[] =>
  file.imports.filter(({ specifier }) => !specifier.startsWith('.') && !isBuiltin(specifier))
const packageName = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')

/** Paths of the files in which `pattern` stands, comments aside. */
const mentioning = (pattern: RegExp, files = application): string[] =>
  files
    .filter(({ text }) => pattern.test(text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')))
    .map(({ path }) => path)

/** A circle of imports, as the paths on it; `undefined` where there is none. */
function findCircle(files: SourceFile[]): string[] | undefined {
  const byPath = new Map(files.map((file) => [file.path, file]))
  const done = new Set<string>()
  const visit = (path: string, trail: string[]): string[] | undefined => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path]
    const file = byPath.get(path)
    if (!file || done.has(path)) return undefined
    for (const { to } of ours(file)) {
      const circle = visit(to, [...trail, path])
      if (circle) return circle
    }
    done.add(path)
    return undefined
  }
  for (const { path } of files) {
    const circle = visit(path, [])
    if (circle) return circle
  }
  return undefined
}

describe('reading the imports', () => {
  it('finds every form of them', () => {
    const imported = application.flatMap(ours)
    expect(imported.length).toBeGreaterThan(100)
    const lines = application.flatMap(({ text }) => text.match(/^(import\b|\} from ').*'/gm) ?? [])
    expect(application.flatMap((file) => file.imports).length).toBeGreaterThanOrEqual(lines.length)
    const main = application.find(({ path }) => path === 'src/serve.ts')
    const app = { to: 'src/app.ts', specifier: './app.ts', typeOnly: false, onDemand: false }
    expect(main?.imports).toContainEqual(app)
    const sessionTypes = application.flatMap(ours).filter(({ typeOnly }) => typeOnly)
    expect(sessionTypes.map(({ to }) => to)).toContain('src/federation/identity.ts')
  })

  it('finds the file that is meant', () => {
    const known = new Set([...application, ...sandbox].map(({ path }) => path))
    const lost = [...application, ...sandbox].flatMap(ours).filter(({ to }) => !known.has(to))
    expect(lost).toEqual([])
  })
})

describe('imports in src/', () => {
  it('go downwards only, and never sideways', () => {
    const wrong = application.flatMap((file) =>
      ours(file)
        .filter((one) => !isAllowed(file.path, one))
        .map(({ to }) => `${file.path} imports ${to}`),
    )
    expect(wrong).toEqual([])
  })

  it('come from rooms that the rule knows', () => {
    const known = ['main.ts', 'serve.ts', 'app.ts', 'doctor', ...ground, ...Object.keys(rooms)]
    expect(application.map(({ path }) => roomOf(path)).filter((room) => !known.includes(room))).toEqual([])
  })

  it('use every exception to the rule', () => {
    const unused = also.filter(
      ({ room, to }) =>
        !application.some((file) => roomOf(file.path) === room && ours(file).some((one) => one.to === to)),
    )
    expect(unused).toEqual([])
  })

  it('make no circle, types included', () => {
    expect(findCircle(application)).toBeUndefined()
    expect(findCircle(sandbox)).toBeUndefined()
  })

  it('never enter the sandbox, nor the sandbox them', () => {
    const reach = (files: SourceFile[], folder: string) =>
      files.filter((file) => ours(file).some(({ to }) => !to.startsWith(folder))).map(({ path }) => path)
    expect(reach(application, 'src/')).toEqual([])
    expect(reach(sandbox, 'sandbox/')).toEqual([])
  })

  it('name packages that are installed in production', () => {
    const { dependencies } = readJson('package.json') as { dependencies: Record<string, string> }
    const missing = application
      .flatMap(packages)
      .map(({ specifier }) => packageName(specifier))
      .filter((name) => !Object.hasOwn(dependencies, name))
    expect(missing).toEqual([])
  })
})

describe('what a start loads before its first answer', () => {
  const byPath = new Map(application.map((file) => [file.path, file]))
  const loaded = new Map<string, Import[]>()
  const load = (path: string): void => {
    const atOnce = byPath.get(path)?.imports.filter(({ typeOnly, onDemand }) => !typeOnly && !onDemand)
    if (!atOnce || loaded.has(path)) return
    loaded.set(path, atOnce)
    for (const { to } of atOnce) load(to)
  }
  load('src/serve.ts')
  const specifiers = [...loaded.values()].flat().map(({ specifier }) => specifier)

  it('is of these packages only: what is dear, and not needed for it, comes later', () => {
    const names = specifiers.filter((specifier) => !specifier.startsWith('.') && !isBuiltin(specifier))
    expect([...new Set(names.map(packageName))].sort()).toEqual([
      'cookie',
      'ejs',
      'express',
      'express-rate-limit',
      'express-session',
      'helmet',
      'jose',
      'openid-client',
      'pino',
      'valibot',
    ])
  })

  it('is not node:http by import, which would load fetch and WebSocket as well', () => {
    expect(specifiers).toContain('node:path')
    expect(specifiers).not.toContain('node:http')
  })
})

describe('what belongs to one room', () => {
  it('is Express for the application, the web, the routes, the pages and what touches a request’s session', () => {
    const allowed = [
      /^src\/app\.ts$/,
      /^src\/web\//,
      /^src\/login\/(start|callback|logout)\.ts$/,
      /^src\/(login|s3|flow)\/[a-z-]+-page\.ts$/,
      /^src\/session\/(middleware|attempts|signed-in|idle|cookies)\.ts$/,
      // Takes the request only to know its session.
      /^src\/login\/renewal\.ts$/,
    ]
    const users = application.filter((file) => packages(file).some(({ to }) => to === 'express'))
    expect(users.length).toBeGreaterThan(10)
    const wrong = users.filter(({ path }) => !allowed.some((pattern) => pattern.test(path)))
    expect(wrong.map(({ path }) => path)).toEqual([])
  })

  it('is express-session for session/', () => {
    const users = application.filter((file) => packages(file).some(({ to }) => to === 'express-session'))
    expect(users.map(({ path }) => roomOf(path))).toContain('session')
    expect(users.map(({ path }) => path).filter((path) => roomOf(path) !== 'session')).toEqual([])
  })

  it('is the environment for config.ts, which the two main files hand it to', () => {
    const readers = mentioning(/\bprocess\s*\.\s*env\b|\benv\b.*\bfrom 'node:process'/)
    expect(readers).toContain('src/serve.ts')
    const allowed = ['src/serve.ts', 'src/doctor/main.ts', 'src/config.ts']
    expect(readers.filter((path) => !allowed.includes(path))).toEqual([])
  })

  it('is the session of a request for session/', () => {
    const touching = mentioning(/\breq(uest)?\??\.session\b/)
    expect(touching).toContain('src/session/signed-in.ts')
    // Against the rule: it hands the session's cookie back to be saved with the session.
    const allowed = ['src/login/renewal.ts']
    const wrong = touching.filter((path) => !path.startsWith('src/session/') && !allowed.includes(path))
    expect(wrong).toEqual([])
  })

  it('is the web identity token for login/ and federation/', () => {
    const naming = mentioning(/\bwebIdentityToken\b|\bWebIdentityToken\b/)
    expect(naming).toContain('src/federation/assume-role-with-web-identity.ts')
    // Against the rule: it names what must be hidden.
    const allowed = ['src/flow/allowed-fields.ts']
    const wrong = naming.filter((path) => !/^src\/(login|federation)\//.test(path) && !allowed.includes(path))
    expect(wrong).toEqual([])
  })

  it('is HTML for the views: what is sent unescaped there is a partial of ours', () => {
    expect(mentioning(/<\/?(html|body|div|p|a|span|form|script)\b/)).toEqual([])
  })
})
