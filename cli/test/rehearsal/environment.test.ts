import t from 'tap'
import { rehearsalVariables } from '../../src/rehearsal/environment.ts'
import { redact } from '../../src/platform/terminal/secrets.ts'

t.test("the rehearsal's credentials are no words that it says itself", (t) => {
  const { AWS_SECRET_ACCESS_KEY } = rehearsalVariables({ url: 'http://127.0.0.1:4566', region: 'eu-west-1', stateDir: '/tmp/rehearsal' })
  const before = process.env.AWS_SECRET_ACCESS_KEY
  process.env.AWS_SECRET_ACCESS_KEY = AWS_SECRET_ACCESS_KEY
  t.teardown(() => {
    if (before === undefined) delete process.env.AWS_SECRET_ACCESS_KEY
    else process.env.AWS_SECRET_ACCESS_KEY = before
  })
  const said = 'This was a rehearsal; read .fargate-ctl/rehearsal/daemon.log.'
  t.equal(redact(said), said)
  t.end()
})
