/**
 * A terraform that speaks the machine-readable UI. Steered by the environment: FAKE_PLAN (JSON: actions by address),
 * FAKE_ALB_URL, FAKE_PLAN_ERROR and FAKE_APPLY_ERROR (JSON: a diagnostic), FAKE_APPLY_MS. It keeps a lock file while it
 * applies and removes it when it ends in order, as terraform does on its first interrupt.
 */
export const fakeTerraform = `
const [verb] = args
const message = (type, more, level = 'info') => say(JSON.stringify({ '@level': level, '@message': type, type, ...more }))
const diagnose = (text) => { message('diagnostic', { diagnostic: JSON.parse(text) }, 'error'); return 1 }
const outputs = { alb_url: { value: process.env.FAKE_ALB_URL } }
fs.appendFileSync('terraform.log', JSON.stringify({ verb, args, tag: process.env.TF_VAR_image_tag }) + '\\n')
if (verb === 'init') {
  if (process.env.FAKE_INIT_ERROR) { complain('╷\\n│ Error: ' + process.env.FAKE_INIT_ERROR + '\\n╵'); return 1 }
  fs.mkdirSync('.terraform/modules', { recursive: true })
  fs.mkdirSync('.terraform/providers', { recursive: true })
  fs.writeFileSync('.terraform/terraform.tfstate', '{}')
  fs.writeFileSync('.terraform/modules/modules.json', '{}')
}
if (verb === 'plan') {
  if (process.env.FAKE_PLAN_ERROR) return diagnose(process.env.FAKE_PLAN_ERROR)
  fs.writeFileSync(args.find((arg) => arg.startsWith('-out=')).slice(5), 'plan')
}
if (verb === 'show') {
  const changes = JSON.parse(process.env.FAKE_PLAN ?? '{}')
  say(JSON.stringify({ resource_changes: Object.entries(changes).map(([address, actions]) => ({ address, type: 'x', change: { actions } })) }))
}
if (verb === 'output') say(JSON.stringify(outputs))
if (verb === 'apply') {
  if (process.env.FAKE_APPLY_ERROR) return diagnose(process.env.FAKE_APPLY_ERROR)
  fs.writeFileSync('terraform.lock', '')
  let interrupts = 0
  process.on('SIGINT', () => { interrupts++; fs.appendFileSync('terraform.log', '{"signal":"SIGINT"}\\n') })
  process.on('SIGTERM', () => fs.appendFileSync('terraform.log', '{"signal":"SIGTERM"}\\n'))
  message('apply_start')
  const end = Date.now() + Number(process.env.FAKE_APPLY_MS ?? 0)
  while (Date.now() < end && interrupts === 0) await sleep(20)
  if (interrupts > 0) await sleep(1500)
  fs.rmSync('terraform.lock')
  if (interrupts > 0) return 1
  message('outputs', { outputs })
}
`
