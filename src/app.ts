import { join } from 'node:path'
import ejs from 'ejs'
import express, { type Express } from 'express'
import type { AwsClients } from './aws-client.ts'
import { type Config, secretsOf } from './config.ts'
import { inWords } from './federation/access.ts'
import { createObtainAccess } from './federation/obtain-access.ts'
import { flowPage } from './flow/flow-page.ts'
import type { ProviderFacts } from './flow/legs.ts'
import { Receipts } from './flow/receipts.ts'
import { stoppedView } from './flow/stopped-view.ts'
import { fragmentCallback, loginCallback } from './login/callback.ts'
import { loginPage } from './login/login-page.ts'
import { logout } from './login/logout.ts'
import type { ProviderDirectory } from './login/providers/index.ts'
import { createRenewal } from './login/renewal.ts'
import { returnPath } from './login/return-path.ts'
import { signedOutPage } from './login/signed-out-page.ts'
import { startLogin } from './login/start.ts'
import { createAudit } from './observe/audit.ts'
import type { Log } from './observe/log.ts'
import type { Metrics } from './observe/metrics.ts'
import { bucketsPage } from './s3/buckets-page.ts'
import { downloadPage } from './s3/download-page.ts'
import { homeOf } from './s3/home.ts'
import { listBuckets } from './s3/list-buckets.ts'
import { objectsPage } from './s3/objects-page.ts'
import { signedInView } from './s3/signed-in-view.ts'
import { Attempts } from './session/attempts.ts'
import { endIdleSessions } from './session/idle.ts'
import { sessionMiddleware } from './session/middleware.ts'
import { SealedStore } from './session/sealed-store.ts'
import { Sealer } from './session/sealing.ts'
import type { SessionStore } from './session/stores/session-store.ts'
import { accessLog, noteAnswers } from './web/access-log.ts'
import { assetsPath, readAssets } from './web/assets.ts'
import { errorPage, methodNotAllowed, notFound } from './web/error-page.ts'
import { explainedPage } from './web/explained-page.ts'
import { alive, ready } from './web/health.ts'
import { preparedPage } from './web/prepared-page.ts'
import { privacyPage } from './web/privacy-page.ts'
import { originRule, publicOrigin } from './web/public-origin.ts'
import { limitRate } from './web/rate-limit.ts'
import { readForm } from './web/read-form.ts'
import { requestId, tellRequestId } from './web/request-id.ts'
import { ownPage, sameOrigin } from './web/same-origin.ts'
import {
  allowPictureFrom,
  demandHttps,
  noStore,
  protectBrowser,
  unconditional,
} from './web/security-headers.ts'
import { testify } from './web/testimony.ts'
import { trustProxies } from './web/trusted-proxies.ts'

const root = join(import.meta.dirname, '..')
const views = join(root, 'views')

/** Strict templates name what they take: around the others EJS puts a `with`, and V8 makes nothing quick of it. */
const templateOptions: ejs.Options = { strict: true, root: views, cache: true }

/** What the application is made of; `serve.ts` and the tests make the parts and hand them in. */
export interface AppParts {
  config: Config
  providers: ProviderDirectory
  aws: AwsClients
  sessionStore: SessionStore
  log: Log
  metrics: Metrics
}

/** Assembles the Express application. Connects to nothing. */
export function createApp({ config, providers, aws, sessionStore, log, metrics }: AppParts): Express {
  const audit = createAudit(log, metrics)
  const sealer = new Sealer(config.session.secrets)
  const attempts = new Attempts(sealer)
  const sessions = new SealedStore(sessionStore, sealer, log)
  const times = config.session
  const obtainAccess = createObtainAccess(aws.sts, config.aws, audit)
  const receipts = new Receipts({
    details: config.flowDetails,
    secrets: secretsOf(config),
    sessions,
    log,
  })
  const common = { providers, sessions, obtainAccess, receipts, audit, log }
  const callback = { ...common, attempts, sealer, times }
  const withAccess = createRenewal(common)
  const { presetBuckets, home } = config.s3
  const s3 = { aws, times, withAccess, home }
  const providerName = (id: string) => providers.displayName(id)
  const providerFacts = (id: string): ProviderFacts => {
    const { checks = [], openIdConnect = false } = providers.get(id) ?? {}
    return { name: providerName(id), checks, openIdConnect }
  }
  const limited = limitRate({
    perMinute: config.rateLimit,
    count: (id, expiresAt) => sessionStore.count(id, expiresAt),
    secret: times.secrets[0] ?? '',
    log,
  })
  // Only what needs to know a person looks for a session; the store is asked only where there is a cookie.
  const session = [
    sessionMiddleware(sessions, config.session.secrets),
    endIdleSessions(sealer, times.idleSeconds, audit, metrics),
  ]

  const login = loginPage(providers)
  const settleOrigin = originRule(config.publicUrl)
  const noteAnswer = noteAnswers(log, metrics)
  const assets = readAssets(join(root, 'public'))

  const app = express()
  app.disable('x-powered-by')
  trustProxies(app, config.trustProxy)
  app.set('query parser', 'simple')
  app.set('etag', false)
  app.set('views', views)
  app.set('view engine', 'ejs')
  app.set('view cache', true)
  app.engine('ejs', (path, model, done) => ejs.renderFile(path, model as ejs.Data, templateOptions, done))
  app.locals.asset = assets.address

  app.use(requestId)
  app.use(preparedPage({ path: '/', bytes: login.usual, settleOrigin, noteAnswer }))
  app.use(tellRequestId, protectBrowser)
  // Balancers check health by address and over plain HTTP: before any rule about hosts.
  app
    .route('/healthz')
    .get(
      testify((word, text) => sealer.seal('doctor', word, text)),
      alive,
    )
    .all(methodNotAllowed('GET, HEAD'))
  app
    .route('/readyz')
    .get(ready(() => sessionStore.check()))
    .all(methodNotAllowed('GET, HEAD'))
  app.use(accessLog(noteAnswer))
  app.use(publicOrigin(settleOrigin))
  app.use(demandHttps)
  app.use(assetsPath, assets.serve)
  app.use(unconditional)

  app.route('/').get(login.handler).all(methodNotAllowed('GET, HEAD'))
  app
    .route('/privacy')
    .get(
      privacyPage(
        config,
        config.providers.map(({ id }) => providerName(id)),
        inWords,
      ),
    )
    .all(methodNotAllowed('GET, HEAD'))
  app.route('/explained').get(explainedPage).all(methodNotAllowed('GET, HEAD'))

  app.use(noStore)
  app
    .route('/initiateLogin/:provider')
    .get(ownPage, limited, startLogin(callback))
    .all(methodNotAllowed('GET, HEAD'))
  app
    .route('/oauth2callback/:provider')
    .get(ownPage, limited, session, loginCallback(callback))
    .post(limited, sameOrigin, readForm, session, fragmentCallback(callback))
    .all(methodNotAllowed('GET, HEAD, POST'))
  app
    .route('/s3')
    .get(session, bucketsPage({ ...s3, presetBuckets, providerName, allowPictureFrom, log }))
    .all(methodNotAllowed('GET, HEAD'))
  app.route('/s3/:bucket').get(session, objectsPage(s3)).all(methodNotAllowed('GET, HEAD'))
  app.route('/s3/:bucket/download').get(session, downloadPage(s3)).all(methodNotAllowed('GET, HEAD'))
  app
    .route('/flow')
    .get(
      session,
      flowPage({
        receipts,
        aws: config.aws,
        readable: (person) => ({ buckets: presetBuckets, home: home && homeOf(home, person) }),
        withAccess,
        tryOut: (me) => listBuckets(aws, me.access, { limit: 1 }),
        providerFacts,
        signedInView: (me) => signedInView(me, s3),
        log,
      }),
    )
    .all(methodNotAllowed('GET, HEAD'))
  app.route('/logout').post(sameOrigin, readForm, session, logout(common)).all(methodNotAllowed('POST'))
  app.route('/signed-out').get(session, signedOutPage(common)).all(methodNotAllowed('GET, HEAD'))

  app.use(notFound)
  app.use(
    errorPage(log, {
      providerName,
      returnPath,
      showDetails: config.flowDetails === 'full',
      stoppedView: (error) => stoppedView(error, providerFacts),
    }),
  )
  return app
}
