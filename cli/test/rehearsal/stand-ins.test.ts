// The stand-ins have the inputs and outputs that main.tf uses, and so have the real modules, whose folder (with vpc/,
// alb/ and ecs/ in it) FARGATE_CTL_REAL_MODULES may name.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from '@cdktn/hcl2json'
import t, { type Test } from 'tap'

type Json = Record<string, unknown>
type ModuleCall = Json & { source: string; version: string }

const infrastructure = fileURLToPath(new URL('../../../infrastructure/', import.meta.url))
const standIns = join(infrastructure, 'tests', 'stand-ins')
const realModules = process.env.FARGATE_CTL_REAL_MODULES

/** Arguments of a module block that are Terraform's and not inputs. */
const metaArguments = new Set(['source', 'version', 'count', 'for_each', 'providers', 'depends_on'])

const main = await parse('main.tf', readFileSync(join(infrastructure, 'main.tf'), 'utf8'))
const calls = Object.entries(main.module as Record<string, [ModuleCall]>).map(([name, [call]]) => ({ name, call }))
const rootText = globSync(`${infrastructure}/*.tf`).map((file) => readFileSync(file, 'utf8')).join('\n')

t.same(calls.map(({ name }) => name), ['alb', 'ecs', 'vpc'], 'main.tf was read')

t.test('modules.json names the versions of main.tf', async (t) => {
  const named = JSON.parse(readFileSync(join(standIns, 'modules.json'), 'utf8'))
  t.same(named, Object.fromEntries(calls.map(({ name, call: { source, version } }) => [name, { source, version }])))
})

t.test('stand-ins', (t) => checkModules(t, standIns))

t.test('real modules', { skip: realModules ? false : 'FARGATE_CTL_REAL_MODULES names no folder' }, (t) => checkModules(t, realModules ?? ''))

async function checkModules(t: Test, folder: string): Promise<void> {
  for (const { name, call } of calls) {
    const module = await readModule(join(folder, name))
    const inputs = Object.keys(call).filter((key) => !metaArguments.has(key))
    t.same(inputs.filter((input) => !module.variables.includes(input)), [], `${name} has every input`)
    const outputs = usedOutputs(name)
    t.ok(outputs.length > 0, `${name}'s outputs are used`)
    t.same(outputs.filter((output) => !module.outputs.includes(output)), [], `${name} has every output`)
    const required = module.required.filter((input) => !inputs.includes(input))
    t.same(required, [], `${name} requires no other input`)
  }
  const ecs = readText(join(folder, 'ecs'))
  const ignored = [...ecs.matchAll(/resource "aws_ecs_service"[\s\S]*?ignore_changes = \[([^\]]*)\]/g)]
  t.ok(ignored.length > 0 && ignored.every(([, names]) => names?.includes('desired_count')), 'an apply leaves the count alone')
  t.same(unreadKeys(ecs), [], 'every key of a service is read: a module that takes `any` would silently ignore the others')
  t.same(usedServiceOutputs().filter((output) => !new RegExp(`output "${output}"`).test(ecs)), [], 'a service has every output')
}

async function readModule(folder: string) {
  const files = globSync(`${folder}/*.tf`)
  const parsed = await Promise.all(files.map((file) => parse(file, readFileSync(file, 'utf8'))))
  const blocks = (kind: string) => parsed.flatMap((file) => Object.entries((file[kind] ?? {}) as Record<string, [Json]>))
  return {
    variables: blocks('variable').map(([name]) => name),
    required: blocks('variable').filter(([, [body]]) => !('default' in body)).map(([name]) => name),
    outputs: blocks('output').map(([name]) => name),
  }
}

function usedOutputs(module: string): string[] {
  return [...new Set([...rootText.matchAll(new RegExp(`module\\.${module}\\.(\\w+)`, 'g'))].map(([, output]) => output ?? ''))]
}

function usedServiceOutputs(): string[] {
  const used = rootText.matchAll(/module\.ecs\.services\["app"\]\.(\w+)/g)
  return [...new Set([...used].map(([, output]) => output ?? ''))]
}

/** @returns keys of a service, its containers, load balancers, rules and policies that the module's text never names */
function unreadKeys(text: string): string[] {
  const app = (calls.find(({ name }) => name === 'ecs')?.call.services as { app: Json }).app
  const nested = ['container_definitions', 'load_balancer', 'security_group_rules', 'autoscaling_policies', 'capacity_provider_strategy']
  const objects = [app, ...nested.flatMap((key) => Object.values(app[key] as Record<string, Json>))]
  const keys = objects.flatMap((object) => Object.keys(object))
  t.ok(keys.length > 40, 'main.tf was understood')
  return keys.filter((key) => !new RegExp(`\\.${key}\\b|, "${key}"`).test(text))
}

function readText(folder: string): string {
  return globSync(`${folder}/**/*.tf`).map((file) => readFileSync(file, 'utf8')).join('\n')
}
