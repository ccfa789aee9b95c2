import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { AppError, type ErrorCode } from '../../src/errors.ts'

const source = readFileSync(new URL('../../src/errors.ts', import.meta.url), 'utf8')
const codes = [...source.matchAll(/^ {2}'([^']+)': \{$/gm)].map(([, code]) => code as ErrorCode)

describe('the catalogue of errors', () => {
  it('is read completely by this test', () => {
    expect(codes).toContain('request.not_found')
    expect(codes).toContain('internal.unexpected')
    expect(codes).toHaveLength(source.match(/^ {4}status: /gm)?.length ?? 0)
  })

  it.each(codes)('explains %s', (code) => {
    const { status, sentence, instruction } = new AppError(code)
    expect(code).toMatch(/^(request|login|provider|federation|session|s3|internal)\.[a-z_]+$/)
    expect(Number.isInteger(status) && status >= 400 && status <= 599).toBe(true)
    expect(sentence).toMatch(/^[A-Z][^<>{}]{10,}\.$/)
    expect(instruction).toMatch(/^[A-Zs][^<>{}]{10,}\.$/)
  })

  it('has no sentence twice: what differs for the operator differs for the person', () => {
    const sentences = codes.map((code) => new AppError(code).sentence)
    expect(new Set(sentences).size).toBe(sentences.length)
  })

  it.each(codes)('says who can mend %s, and leaves to the person nothing that a server did wrong', (code) => {
    const { mender, status } = new AppError(code)
    expect(['person', 'operator', 'provider', 'aws', 'account']).toContain(mender)
    if (status >= 500) expect(mender).not.toBe('person')
  })

  it('blames no server for what a browser brought', () => {
    const fromBrowser = codes.filter((code) => /^(request|login)\./.test(code))
    expect(fromBrowser.filter((code) => new AppError(code).status >= 500)).toEqual([])
  })
})

describe('AppError', () => {
  it('keeps its cause and details, and says no more than its code', () => {
    const cause = new Error('internal words')
    const error = new AppError('s3.timeout', { cause, details: { attempts: 3 } })
    expect(error).toMatchObject({ name: 'AppError', code: 's3.timeout', message: 's3.timeout', status: 504 })
    expect(error.cause).toBe(cause)
    expect(error.details).toEqual({ attempts: 3 })
  })

  it('has no cause where none was given', () => {
    expect(Object.hasOwn(new AppError('s3.timeout'), 'cause')).toBe(false)
  })
})
