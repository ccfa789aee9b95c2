import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

interface LockedPackage {
  version?: string
  integrity?: string
  resolved?: string
}

const text = readFileSync(join(import.meta.dirname, '..', '..', 'package-lock.json'), 'utf8')
const { packages } = JSON.parse(text) as { packages: Record<string, LockedPackage> }
const locked = Object.entries(packages).filter(([path]) => path !== '')

describe('package-lock.json', () => {
  // Without a version npm ci ends in "Invalid Version", but only where npm's cache is empty.
  test('gives a version and a checksum for every package, so that npm ci works on a new machine', () => {
    expect(locked.length).toBeGreaterThan(100)
    expect(locked.filter(([, { version, integrity }]) => !version || !integrity)).toEqual([])
  })

  test('names no registry', () => {
    expect(locked.filter(([, { resolved }]) => resolved !== undefined)).toEqual([])
  })
})
