import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import type { AppError } from '../../../../src/errors.ts'
import { toProviderError } from '../../../../src/login/providers/provider-error.ts'
import { checkShape } from '../../../../src/login/providers/provider-json.ts'
import { UnusableAnswer } from '../../../../src/unusable-answer.ts'

const shape = v.object({ data: v.object({ app_id: v.string(), is_valid: v.boolean() }) })

const refusal = (json: unknown): Error => {
  try {
    checkShape(shape, json)
  } catch (error) {
    return error as Error
  }
  throw new Error('it was taken')
}

describe('an answer of a provider', () => {
  it('is taken where it has the documented members, and others besides', () => {
    const data = { app_id: '1', is_valid: true }
    expect(checkShape(shape, { data: { ...data, more: 1 }, more: 2 })).toEqual({ data })
  })

  it.each([
    ['a member of another type', { data: { app_id: '1', is_valid: 'canary' } }, 'data.is_valid'],
    ['a missing member', { data: { is_valid: true, canary: 'canary' } }, 'data.app_id'],
    ['a text', 'canary', 'the whole'],
  ])('with %s is refused in words that name the place, and repeat nothing of it', (_what, json, place) => {
    const error = refusal(json)
    expect(error).toBeInstanceOf(UnusableAnswer)
    expect(error.message).toBe(`${place} is not as documented`)
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('canary')
    expect((toProviderError(error, 'facebook') as AppError).code).toBe('provider.answer_invalid')
  })
})
