import { execFileSync } from 'node:child_process'

/**
 * A terraform that speaks the machine-readable UI. Steered by the environment: FAKE_PLAN (JSON: action by address),
 * FAKE_ALB_URL, FAKE_OUTPUTS (JSON: outputs to change; null leaves one empty), FAKE_NO_SERVICE (leaves out the outputs that name the service), FAKE_PLAN_ERROR and FAKE_APPLY_ERROR
 * (JSON: a diagnostic), FAKE_ERRORED_STATE (an apply writes errored.tfstate), FAKE_SHOW (a file with what `show -json` prints), FAKE_UNLOCK_ERROR, FAKE_MISSING
 * (ids that do not exist, for an import),
 * FAKE_PLAN_MS and FAKE_APPLY_MS, FAKE_DEAF (interrupts do not end it). Its state has outputs once something is applied, when there is
 * nothing to apply, or with FAKE_STATE. It keeps a lock file while it plans or applies and removes it
 * when it ends in order, as terraform does on its first interrupt; a second one makes it give up at once and leave the
 * lock behind. What a configuration's values are is not its business: in the folder made for that question it calls the
 * terraform that comes next on PATH.
 */
export const fakeTerraform = `
const [verb] = args
if (process.cwd().includes('fargate-ctl-settings-')) {
  const PATH = process.env.PATH.split(':').filter((folder) => folder !== require('node:path').dirname(process.argv[1])).join(':')
  return require('node:child_process').spawnSync('terraform', args, { stdio: 'inherit', env: { ...process.env, PATH } }).status
}
const message = (type, more, level = 'info') => say(JSON.stringify({ '@level': level, '@message': type, type, ...more }))
const diagnose = (text) => { message('diagnostic', { diagnostic: JSON.parse(text) }, 'error'); return 1 }
const ecs = 'arn:aws:ecs:eu-central-1:123456789012:'
const service = {
  cluster_name: 'webapp-dev', service_name: 'webapp', container_name: 'app', log_group_name: '/aws/ecs/webapp/app',
  service_arn: ecs + 'service/webapp-dev/webapp', task_definition_arn: ecs + 'task-definition/webapp:2',
  ...JSON.parse(process.env.FAKE_OUTPUTS ?? '{}'),
}
const named = Object.entries(process.env.FAKE_NO_SERVICE ? {} : service).map(([name, value]) => [name, { value }])
const outputs = { alb_url: { value: process.env.FAKE_ALB_URL }, ...Object.fromEntries(named) }
const hasState = fs.existsSync('terraform.applied') || process.env.FAKE_STATE || process.env.FAKE_PLAN === '{}'
let interrupts = 0
const workWithLock = async (milliseconds) => {
  fs.writeFileSync('terraform.lock', '')
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      fs.appendFileSync('terraform.log', JSON.stringify({ signal }) + '\\n')
      if (++interrupts > 1) process.exit(1)
    })
  }
  message('apply_start')
  const end = Date.now() + Number(milliseconds ?? 0)
  while (Date.now() < end && (interrupts === 0 || process.env.FAKE_DEAF)) await sleep(20)
  if (interrupts > 0) await sleep(1500)
  fs.rmSync('terraform.lock')
  if (interrupts > 0) process.exit(1)
}
// What it only reads is not told.
if (verb !== 'output') fs.appendFileSync('terraform.log', JSON.stringify({ verb, args, tag: process.env.TF_VAR_image_tag, digest: process.env.TF_VAR_image_digest, data: process.env.TF_DATA_DIR }) + '\\n')
if (verb === 'init') {
  if (process.env.FAKE_INIT_ERROR) { complain('╷\\n│ Error: ' + process.env.FAKE_INIT_ERROR + '\\n╵'); return 1 }
  const data = process.env.TF_DATA_DIR ?? '.terraform'
  fs.mkdirSync(data + '/modules', { recursive: true })
  fs.mkdirSync(data + '/providers', { recursive: true })
  fs.writeFileSync(data + '/terraform.tfstate', '{}')
  fs.writeFileSync(data + '/modules/modules.json', '{}')
}
if (verb === 'plan') {
  if (process.env.FAKE_PLAN_ERROR) return diagnose(process.env.FAKE_PLAN_ERROR)
  await workWithLock(process.env.FAKE_PLAN_MS)
  fs.writeFileSync(args.find((arg) => arg.startsWith('-out=')).slice(5), 'plan')
  const changes = Object.entries(JSON.parse(process.env.FAKE_PLAN ?? '{}'))
  for (const [addr, action] of changes) message('planned_change', { change: { resource: { addr }, action } })
  if (changes.length > 0 && args.includes('-detailed-exitcode')) return 2
}
if (verb === 'show') say(fs.readFileSync(process.env.FAKE_SHOW, 'utf8'))
if (verb === 'version') say(JSON.stringify({ terraform_version: '1.11.4' }))
if (verb === 'force-unlock' && process.env.FAKE_UNLOCK_ERROR) { complain('Error: ' + process.env.FAKE_UNLOCK_ERROR); return 1 }
if (verb === 'import' && (process.env.FAKE_MISSING ?? '').split(' ').includes(args.at(-1))) { complain('Error: Cannot import non-existent remote object'); return 1 }
if (verb === 'output') say(JSON.stringify(hasState ? outputs : {}))
if (verb === 'apply') {
  if (process.env.FAKE_ERRORED_STATE) fs.writeFileSync('errored.tfstate', JSON.stringify({ outputs }))
  if (process.env.FAKE_APPLY_ERROR) return diagnose(process.env.FAKE_APPLY_ERROR)
  await workWithLock(process.env.FAKE_APPLY_MS)
  fs.writeFileSync('terraform.applied', '')
  for (const addr of Object.keys(JSON.parse(process.env.FAKE_PLAN ?? '{}'))) message('apply_complete', { hook: { resource: { addr }, elapsed_seconds: 1 } })
  message('outputs', { outputs })
}
`

const installed = execFileSync('which', ['terraform'], { encoding: 'utf8' }).trim()
/** The installed terraform, for a PATH that is cut down. */
export const realTerraform = `return require('node:child_process').spawnSync(${JSON.stringify(installed)}, args, { stdio: 'inherit' }).status`
