import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { documentedOptions, variableNamespaces } from './elastic-beanstalk-options.ts'
import { readYaml, type Template } from './template.ts'

const root = join(import.meta.dirname, '../..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

/** In reading order: what README.md defines, the others may use. */
const documents = [
  'README.md',
  ...readdirSync(join(root, 'docs')).flatMap((name) => (name.endsWith('.md') ? [`docs/${name}`] : [])),
  'CONTRIBUTING.md',
  'SECURITY.md',
]

/** Commands to copy: fenced as `sh`, or indented by four. */
function commandsIn(path: string): string[] {
  const text = read(path)
  const fenced = [...text.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, code = '']) => code)
  const rest = text.replace(/^```.*?^```$/gms, '')
  const indented = [...rest.matchAll(/(?:^ {4}(?=(?:npm|npx|node|aws) ).*\n)+/gm)].map(([code]) => code)
  return [...fenced, ...indented]
}

const blocks = documents.flatMap((path) => commandsIn(path).map((code) => ({ path, code })))
/** One command each, with its continued lines. */
const commands = blocks.flatMap(({ path, code }) =>
  code
    .replace(/\\\n\s*/g, ' ')
    .split('\n')
    .map((line) => ({ path, line: line.trim() })),
)

const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }

describe('the commands in README.md, docs/ and CONTRIBUTING.md', () => {
  it('are found', () => {
    expect(blocks.length).toBeGreaterThan(20)
    expect(commandsIn('README.md').length).toBeGreaterThan(12)
  })

  it.each(['sh', 'bash'])('are well-formed for %s', (shell) => {
    for (const { path, code } of blocks) {
      const { status, stderr } = spawnSync(shell, ['-n'], { input: code, encoding: 'utf8' })
      expect({ path, code, status, stderr }).toEqual({ path, code, status: 0, stderr: '' })
    }
  })

  it('run npm scripts that exist', () => {
    const text = documents.map(read).join('\n')
    const named = [...text.matchAll(/npm (?:run )(?:--silent )?([a-z][\w:]*)/g)].map(([, name = '']) => name)
    expect(named.length).toBeGreaterThan(10)
    expect([...new Set(named)].filter((name) => !(name in scripts))).toEqual([])
  })

  it('name files that exist', () => {
    const paths = commands.flatMap(({ line }) => [
      ...line.matchAll(
        /(?<![\w./$-])((?:infra|src|test|docs|tools|sandbox|\.ebextensions)\/[\w./-]+|\.env\.\w+)/g,
      ),
    ])
    const written = ['.ebextensions/https.config']
    const named = paths.map(([, path = '']) => path).filter((path) => !written.includes(path))
    expect(named).toContain('infra/federation-roles.yaml')
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([])
  })

  it('use no variable before it is defined', () => {
    const defined = new Set<string>()
    const early: string[] = []
    for (const { path, line } of commands) {
      const code = line.replace(/'[^']*'/g, '').replace(/#.*$/, '')
      const isFunction = /^\w+\(\)/.test(code)
      for (const [, name = ''] of code.matchAll(/\$\{?([A-Za-z_]\w*)/g)) {
        if (!defined.has(name) && !isFunction) early.push(`${path}: ${name} in ${line}`)
      }
      for (const [, name = ''] of code.matchAll(/(?:^|[\s;(])([A-Z_]+)=/g)) defined.add(name)
      for (const [, name = ''] of code.matchAll(/\bread -r ([A-Z]+)/g)) defined.add(name)
    }
    expect(defined).toContain('ENVIRONMENT')
    expect(early).toEqual([])
  })
})

describe('the stacks that the commands make', () => {
  const deployments = commands.filter(({ line }) => line.includes('cloudformation deploy'))

  it('have parameters that their templates know, and take', () => {
    expect(deployments.length).toBeGreaterThanOrEqual(3)
    for (const { line } of deployments) {
      const [, file = ''] = /--template-file (\S+)/.exec(line) ?? []
      const { Parameters = {} } = readYaml<Template>(file)
      const [, overrides = ''] = /--parameter-overrides (.*?)(?= --|$)/.exec(line) ?? []
      const given = Object.fromEntries(
        overrides
          .trim()
          .split(/\s+/)
          .map((pair) => pair.split('=', 2)),
      )
      expect(Object.keys(given).filter((name) => !(name in Parameters))).toEqual([])
      const needed = Object.keys(Parameters).filter((name) => Parameters[name]?.Default === undefined)
      expect(needed.filter((name) => !(name in given))).toEqual([])
      for (const [name, value] of Object.entries(given)) {
        const pattern = new RegExp(Parameters[name]?.AllowedPattern ?? '')
        expect(String(value).replace('$ENVIRONMENT', 'signin')).toMatch(pattern)
      }
    }
  })

  it('give out what is asked of them', () => {
    const { Outputs = {} } = readYaml<Template>('infra/environment.yaml')
    const asked = commands.flatMap(({ line }) => [...line.matchAll(/OutputKey=='(\w+)'/g)])
    expect(asked.length).toBeGreaterThan(0)
    expect(asked.map(([, key = '']) => key).filter((key) => !(key in Outputs))).toEqual([])
  })

  it('are all taken down again', () => {
    const named = (verb: string) =>
      commands.flatMap(({ path, line }) => {
        const [, name] = new RegExp(`cloudformation ${verb} .*?--stack-name (\\S+)`).exec(line) ?? []
        return path === 'README.md' && name ? [name] : []
      })
    const left = named('deploy').filter((name) => !named('delete-stack').includes(name))
    // Only who made the stack of another issuer has one.
    expect(left).toEqual(['$ENVIRONMENT-roles-keycloak'])
  })
})

describe('the options that the commands set', () => {
  const shorthand: Record<string, string> = Object.fromEntries(
    commands.flatMap(({ line }) => {
      const [, name, namespace] = /^([A-Z]+)=Namespace=(\S+)$/.exec(line) ?? []
      return name && namespace ? [[`$${name}`, namespace]] : []
    }),
  )
  const set = commands.flatMap(({ line }) =>
    [...line.matchAll(/(?:Namespace=([\w:]+)|(\$[A-Z]+)),OptionName=(\w+)/g)].map(
      ([, namespace, short = '', name = '']) => ({ namespace: namespace ?? shorthand[short] ?? short, name }),
    ),
  )

  it('are documented, or variables of ours', () => {
    expect(set.length).toBeGreaterThan(5)
    const table = read('README.md')
    for (const { namespace, name } of set) {
      if (variableNamespaces.includes(namespace)) {
        expect(table).toContain(`\`${name.replace(/^AMAZON_(APP_ID|APP_SECRET|ROLE_ARN)$/, 'X_$1')}\``)
      } else {
        expect({ namespace, known: documentedOptions[namespace] }).toEqual({
          namespace,
          known: expect.arrayContaining([name]),
        })
      }
    }
  })
})

describe('README.md', () => {
  it('explains every variable that the configuration reads', () => {
    const source = read('src/config.ts')
    const names = [...new Set(source.match(/(?<=')[A-Z][A-Z0-9]*(_[A-Z0-9]+)+(?=')/g))]
    const explained = read('README.md').slice(read('README.md').indexOf('## Variables'))
    const isProviders = /^(AMAZON|GOOGLE|FACEBOOK)_(APP_ID|APP_SECRET|ROLE_ARN|ISSUER|LABEL|SCOPE|ICON)$/
    const missing = names.filter(
      (name) => name !== 'NODE_ENV' && !explained.includes(`\`${name.replace(isProviders, 'X_$2')}\``),
    )
    expect(names.length).toBeGreaterThan(20)
    expect(missing).toEqual([])
  })
})

describe('links', () => {
  it.each(documents)('of %s lead to files that exist', (path) => {
    const targets = [...read(path).matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)/g)].map(([, to = '']) => to)
    expect(targets.filter((to) => !existsSync(join(root, dirname(path), to)))).toEqual([])
  })
})
