import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isMap, isScalar, isSeq, type Node, parseDocument } from 'yaml'

const root = join(import.meta.dirname, '../..')

type Values = Record<string, unknown>

/** What a CloudFormation template is made of, as far as these tests read it. */
export interface Template {
  Parameters?: Record<string, { Default?: unknown; AllowedPattern?: string }>
  Conditions?: Values
  Resources: Record<string, Resource>
  Outputs?: Record<string, { Condition?: string; Value: unknown }>
}

export interface Resource {
  /** `undefined`: a resource of Elastic Beanstalk's that is extended. */
  Type?: string
  Condition?: string
  Metadata?: Values
  Properties: Values
}

/** Reads a YAML file of the repository; `!Ref x` and other short forms become `{ Ref: x }`. */
export function readYaml<T>(path: string): T {
  const document = parseDocument(readFileSync(join(root, path), 'utf8'), { logLevel: 'silent' })
  const [error] = document.errors
  if (error) throw new Error(`${path}: ${error.message}`)
  return toValue(document.contents) as T
}

function toValue(node: Node | null): unknown {
  const value = toPlainValue(node)
  if (!node?.tag?.startsWith('!')) return value
  const name = node.tag.slice(1)
  if (name === 'GetAtt') return { 'Fn::GetAtt': String(value).split('.') }
  return { [['Ref', 'Condition'].includes(name) ? name : `Fn::${name}`]: value }
}

function toPlainValue(node: Node | null): unknown {
  if (isMap<Node, Node>(node)) {
    return Object.fromEntries(node.items.map(({ key, value }) => [String(toValue(key)), toValue(value)]))
  }
  if (isSeq<Node>(node)) return node.items.map(toValue)
  return isScalar(node) ? node.value : undefined
}

const noValue = Symbol('AWS::NoValue')

/**
 * Carries out the functions of a template as CloudFormation would. `names` are parameters, pseudo parameters, and
 * what `Ref` and `GetAtt` (as `Name.Attribute`) give for resources. A name that is missing is an error.
 */
export function evaluate(value: unknown, names: Values, conditions: Values = {}): unknown {
  const go = (part: unknown): unknown => evaluate(part, names, conditions)
  const named = (name: string): unknown => {
    if (name === 'AWS::NoValue') return noValue
    if (!(name in names)) throw new Error(`${name} is not known`)
    return names[name]
  }
  if (Array.isArray(value)) return value.map(go).filter((item) => item !== noValue)
  if (typeof value !== 'object' || value === null) return value

  const [[name, argument] = ['', undefined], ...others] = Object.entries(value)
  if (others.length === 0) {
    const list = argument as unknown[]
    switch (name) {
      case 'Ref':
        return named(argument as string)
      case 'Condition':
        return go(conditions[argument as string])
      case 'Fn::GetAtt':
        return named(list.join('.'))
      case 'Fn::GetOptionSetting':
        return (argument as { DefaultValue: string }).DefaultValue
      case 'Fn::Join':
        return (go(list[1]) as string[]).join(list[0] as string)
      case 'Fn::Split':
        return (go(list[1]) as string).split(list[0] as string)
      case 'Fn::Select':
        return (go(list[1]) as string[])[Number(list[0])]
      case 'Fn::Equals':
        return go(list[0]) === go(list[1])
      case 'Fn::Not':
        return !go(list[0])
      case 'Fn::And':
        return list.every(go)
      case 'Fn::If':
        return go(go(conditions[list[0] as string]) ? list[1] : list[2])
      case 'Fn::Sub': {
        const [text, own] = (Array.isArray(argument) ? argument : [argument, {}]) as [string, Values]
        const scope = go(own) as Values
        return text.replace(/\$\{(!?)([^}]+)\}/g, (_, literal, variable) =>
          literal ? `\${${variable}}` : String(scope[variable] ?? named(variable)),
        )
      }
    }
  }
  const pairs = Object.entries(value).map(([key, part]) => [key, go(part)] as const)
  return Object.fromEntries(pairs.filter(([, part]) => part !== noValue))
}

export const pseudoParameters = {
  'AWS::Partition': 'aws',
  'AWS::Region': 'eu-west-1',
  'AWS::AccountId': '123456789012',
}
