// The stand-ins take what the real modules take and give what infrastructure/ uses; FARGATE_CTL_MODULES may name a folder
// with checkouts of the real ones to compare with.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from '@cdktn/hcl2json'
import t, { type Test } from 'tap'
import { unpackCheckouts, withoutCheckouts } from '../support/checkouts.ts'
import { planRoot } from '../support/test-infrastructure.ts'

type Json = Record<string, unknown>
type ModuleCall = Json & { source: string; version: string }

const infrastructure = fileURLToPath(new URL('../../../infrastructure/', import.meta.url))
const standIns = join(infrastructure, 'tests', 'stand-ins')
const skip = withoutCheckouts

/** Arguments of a module block that are Terraform's and not inputs. */
const metaArguments = new Set(['source', 'version', 'count', 'for_each', 'providers', 'depends_on'])

const calls = Object.entries(await readBlocks(infrastructure, 'module')).map(([name, call]) => ({ name, call: call as ModuleCall }))
const locals = await readLocals('container.tf')
const rootText = globSync(`${infrastructure}/*.tf`).map((file) => readFileSync(file, 'utf8')).join('\n')
t.setTimeout(600_000)

t.same(calls.map(({ name }) => name).sort(), ['alb', 'ecs', 'vpc'], 'infrastructure/ was read')

t.test('modules.json names the versions that infrastructure/ asks for', async (t) => {
  const named = JSON.parse(readFileSync(join(standIns, 'modules.json'), 'utf8'))
  t.same(named, Object.fromEntries(calls.map(({ name, call: { source, version } }) => [name, { source, version }])))
})

t.test('what infrastructure/ uses of the stand-ins is there', (t) => checkModules(t, standIns))

t.test('what infrastructure/ uses of the real modules is there', { skip }, async (t) => checkModules(t, await unpackCheckouts(t)))

t.test('the stand-ins have every variable of the real modules, with its type and default', { skip }, async (t) => {
  const realModules = await unpackCheckouts(t)
  for (const { name } of calls) {
    t.same(await readVariables(join(standIns, name)), await readVariables(join(realModules, name)), name)
  }
})

t.test('a root of other hands on the stand-ins', (t) => checkOtherRoot(t))

t.test('the same root on the real modules', { skip }, async (t) => checkOtherRoot(t, await unpackCheckouts(t)))

async function checkOtherRoot(t: Test, modules?: string): Promise<void> {
  const { passed, output, planned } = await planRoot(t, otherRoot, modules)
  t.ok(passed, passed ? 'it is planned' : output)
  t.match(planned('plan', 'aws_ecs_service'), [{ name: 'api', launch_type: 'FARGATE', desired_count: 1, deployment_minimum_healthy_percent: 66 }])
  t.match(planned('plan', 'aws_ecs_task_definition'), [{ family: 'api', cpu: '1024', memory: '2048' }])
  t.equal(planned('plan', 'aws_appautoscaling_policy').length, 2, 'by default autoscaling is by CPU and memory')
  t.match(planned('plan', 'aws_lb'), [{ drop_invalid_header_fields: true, enable_deletion_protection: true }])
  t.match(planned('plan', 'aws_lb_target_group'), [{ name_prefix: 'api-', port: 80, protocol: 'HTTP' }])
  t.same(planned('plan', 'aws_cloudwatch_log_group').map(({ name }) => name).sort(), ['/aws/ecs/api/api', '/aws/ecs/other'])
  t.equal(planned('plan', 'aws_nat_gateway').length, 0)
}

/** Written as people write it who know the real modules: the least that each of them wants. */
const otherRoot = `
terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

module "vpc" {
  source  = "terraform-aws-modules/vpc/aws"
  version = "~> 5.0"

  name           = "other"
  azs            = ["us-east-1a", "us-east-1b"]
  public_subnets = ["10.0.0.0/24", "10.0.1.0/24"]
  # The stand-in takes it and makes none.
  enable_vpn_gateway = true
}

module "alb" {
  source  = "terraform-aws-modules/alb/aws"
  version = "~> 9.0"

  name    = "other"
  vpc_id  = module.vpc.vpc_id
  subnets = module.vpc.public_subnets

  security_group_ingress_rules = { http = { from_port = 80, to_port = 80, cidr_ipv4 = "0.0.0.0/0" } }
  security_group_egress_rules  = { all = { ip_protocol = "-1", cidr_ipv4 = module.vpc.vpc_cidr_block } }

  listeners     = { http = { forward = { target_group_key = "api" } } }
  target_groups = { api = { name_prefix = "api-", target_type = "ip", create_attachment = false } }
}

module "ecs" {
  source  = "terraform-aws-modules/ecs/aws"
  version = "~> 5.0"

  cluster_name = "other"

  services = {
    api = {
      subnet_ids            = module.vpc.public_subnets
      container_definitions = { api = { image = "example.com/api:1" } }
      load_balancer = {
        service = { target_group_arn = module.alb.target_groups["api"].arn, container_name = "api", container_port = 80 }
      }
    }
  }
}
`

async function checkModules(t: Test, folder: string): Promise<void> {
  for (const { name, call } of calls) {
    const variables = await readVariables(join(folder, name))
    const inputs = Object.keys(call).filter((key) => !metaArguments.has(key))
    t.same(inputs.filter((input) => !(input in variables)), [], `${name} has every input`)
    const outputs = usedOutputs(name)
    t.ok(outputs.length > 0, `${name}'s outputs are used`)
    const given = Object.keys(await readBlocks(join(folder, name), 'output'))
    t.same(outputs.filter((output) => !given.includes(output)), [], `${name} has every output`)
  }
  const ecs = readText(join(folder, 'ecs'))
  const ignored = [...ecs.matchAll(/resource "aws_ecs_service"[\s\S]*?ignore_changes = \[([^\]]*)\]/g)]
  t.ok(ignored.length > 0 && ignored.every(([, names]) => names?.includes('desired_count')), 'an apply leaves the count alone')
  t.same(unreadKeys(ecs), [], 'every key of a service is read: a module that takes `any` would silently ignore the others')
  t.same(usedServiceOutputs().filter((output) => !new RegExp(`output "${output}"`).test(ecs)), [], 'a service has every output')
}

/** @returns the blocks of one kind in a folder's files, by their first label */
async function readBlocks(folder: string, kind: string): Promise<Record<string, Json>> {
  const files = globSync(`${folder}/*.{tf,tf.json}`)
  const read = async (file: string) => {
    const text = readFileSync(file, 'utf8')
    const parsed = file.endsWith('.json') ? JSON.parse(text) : await parse(file, text)
    return Object.entries((parsed[kind] ?? {}) as Record<string, Json | [Json]>).map(([name, body]) => [name, [body].flat()[0] as Json] as const)
  }
  return Object.fromEntries((await Promise.all(files.map(read))).flat())
}

/** @returns type and default of every variable, in one spelling */
async function readVariables(folder: string): Promise<Record<string, Json>> {
  const variables = Object.entries(await readBlocks(folder, 'variable'))
  return Object.fromEntries(
    variables.map(([name, { type, default: value = 'required' }]) => [name, { type: String(type).replace(/^\$\{|\}$/g, ''), default: value }]),
  )
}

async function readLocals(name: string): Promise<Json> {
  const { locals } = await parse(name, readFileSync(join(infrastructure, name), 'utf8'))
  return Object.assign({}, ...(locals as Json[]))
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
  const nested = ['load_balancer', 'autoscaling_policies', 'capacity_provider_strategy']
  const objects = [app, locals.container as Json, ...nested.flatMap((key) => Object.values(app[key] as Record<string, Json>))]
  const keys = objects.flatMap((object) => Object.keys(object))
  t.ok(keys.length > 40, 'the service was understood')
  return keys.filter((key) => !new RegExp(`\\.${key}\\b|, "${key}"`).test(text))
}

function readText(folder: string): string {
  return globSync(`${folder}/**/*.tf`).map((file) => readFileSync(file, 'utf8')).join('\n')
}
