import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { demoPeople, type Person } from '../../sandbox/identity/people.ts'
import { ada } from '../application.ts'
import { roleArn } from './gateway.ts'
import { bucketNames, errorCode, pressButtons, useStage } from './stage.ts'

const misaki = demoPeople[1] as Person

describe('a refusal by the gateway', () => {
  const stage = useStage()

  const attempt = async (environment: Record<string, string>, person = ada) => {
    const application = await stage.startApplication(environment)
    const page = await stage.visit(application)
    await pressButtons(page, person)
    await page.locator('h1').waitFor()
    return { application, page }
  }

  const isSignedIn = async (page: Page): Promise<boolean> => {
    await page.goto('/s3/')
    return new URL(page.url()).pathname === '/s3/'
  }

  const anotherAudience = () =>
    stage.gateway.createRole({ name: 'OtherAudience', actions: ['s3:*'], trusts: { aud: 'somebody-else' } })

  it.each([
    ['the role trusts another audience', anotherAudience],
    ['there is no such role', async () => roleArn('Nobody')],
    ['the role is said to be in an account', async () => 'arn:aws:iam::123456789012:role/BucketReader'],
  ])('is a page that says so, and no session, where %s', async (_circumstance, role) => {
    const { application, page } = await attempt({ CEPH_ROLE_ARN: await role() })
    expect(await page.locator('h1').textContent()).toBe('AWS did not grant access')
    expect(await errorCode(page)).toBe('federation.access_denied')
    expect(await isSignedIn(page)).toBe(false)
    expect(application.log).toContainEqual(
      expect.objectContaining({ audit: 'refused', provider: 'ceph', code: 'federation.access_denied' }),
    )
  })

  it('hits one person where the role trusts another', async () => {
    const { aud } = stage.gateway.provider.idTokenClaims(misaki)
    const CEPH_ROLE_ARN = await stage.gateway.createRole({
      name: 'OnlyMisaki',
      actions: ['s3:*'],
      trusts: { aud: String(aud), sub: misaki.subjects.google },
    })
    expect(await errorCode((await attempt({ CEPH_ROLE_ARN })).page)).toBe('federation.access_denied')
    expect(await bucketNames((await attempt({ CEPH_ROLE_ARN }, misaki)).page)).toEqual([])
  })

  it.each([
    ['more time than the role allows', { ROLE_SESSION_SECONDS: '43200' }],
    ['a session policy that it cannot read', { SESSION_POLICY: '{"Statement":[{"Allow":"all"}]}' }],
  ])('is a page for the operator where it is asked for %s', async (_circumstance, environment) => {
    const { page } = await attempt(environment)
    expect(await errorCode(page)).toBe('federation.request_invalid')
    expect(await isSignedIn(page)).toBe(false)
  })

  it('is a page of the signed-in where the role may not list', async () => {
    const CEPH_ROLE_ARN = await stage.gateway.createRole({ name: 'NoLister', actions: ['s3:GetObject'] })
    const { page } = await attempt({ CEPH_ROLE_ARN })
    expect(await page.locator('h1').textContent()).toContain('Hello')
    await page.getByRole('textbox', { name: 'Name of a bucket' }).waitFor()
    expect(await errorCode(page)).toBe('s3.access_denied')
    expect(await isSignedIn(page)).toBe(true)
  })
})
