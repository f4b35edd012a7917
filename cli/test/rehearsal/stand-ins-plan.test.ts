// With the stand-ins infrastructure/ plans what it plans with the real modules, whose checkouts FARGATE_CTL_MODULES names:
// resource by resource, attribute by attribute.
import t from 'tap'
import { unpackCheckouts, withoutCheckouts } from '../support/checkouts.ts'
import { planInfrastructure } from '../support/test-infrastructure.ts'

const settings = {
  defaults: '',
  others: `
    env                      = "prod"
    certificate_arn          = "arn:aws:acm:us-east-1:123456789012:certificate/any"
    domain_name              = "app.example.com"
    zone_count               = 3
    single_nat_gateway       = false
    flow_logs                = false
    deletion_protection      = true
    container_port           = 3000
    enable_execute_command   = true
    readonly_root_filesystem = false
    container_health_check   = null
    log_mode                 = "blocking"
    container_insights       = "enhanced"
  `,
}

t.test('the stand-ins plan what the real modules plan', { skip: withoutCheckouts, timeout: 600_000 }, async (t) => {
  const standIns = await planInfrastructure(t, settings)
  const real = await planInfrastructure(t, settings, await unpackCheckouts(t))
  for (const name of Object.keys(settings)) {
    const [ours, theirs] = [standIns(name), real(name)]
    t.ok(Object.keys(theirs).length > 30, `${name}: it was planned`)
    t.same(Object.keys(ours).sort(), Object.keys(theirs).sort(), `${name}: the same resources`)
    for (const [address, planned] of Object.entries(theirs)) t.same(ours[address], planned, `${name}: ${address}`)
  }
})
