import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The smallest project that every check passes. */
const files = {
  'infrastructure/versions.tf': 'terraform {\n  required_version = ">= 1.11"\n}\n',
  'infrastructure/state.tf': 'terraform {\n  backend "s3" {}\n}\n',
  'infrastructure/variables.tf': `variable "region" {
  type = string
}

variable "env" {
  type = string
}

variable "name" {
  type    = string
  default = "webapp"
}

variable "repository_name" {
  type    = string
  default = "webapp"
}

variable "image_tag" {
  type = string
}
`,
  'infrastructure/outputs.tf': 'output "alb_url" {\n  value = "http://web"\n}\n\noutput "service_arn" {\n  value = null\n}\n',
  'infrastructure/s3.tfbackend': `bucket       = "state-bucket"
key          = "webapp/dev/terraform.tfstate"
region       = "eu-central-1"
encrypt      = true
use_lockfile = true
`,
  'infrastructure/input.auto.tfvars': 'region = "eu-central-1"\nenv    = "dev"\n',
  'infrastructure/.terraform.lock.hcl': '',
  'application/package.json': '{ "version": "1.2.3" }\n',
  'application/Dockerfile': 'FROM scratch\nCOPY server.js /\n',
  'application/.dockerignore': 'secret.env\ntest\n',
  'application/server.js': 'console.log("hello")\n',
}

/** Writes the project into `folder`, with the given files changed or added (undefined leaves one out). */
export function writeProject(folder: string, changed: Record<string, string | undefined> = {}): string {
  for (const [path, content] of Object.entries({ ...files, ...changed })) {
    if (content === undefined) continue
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
  return folder
}

/** Makes the folder a git checkout with everything committed. */
export function commitAll(folder: string): void {
  const git = (...args: string[]) => execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], { cwd: folder })
  git('init', '--quiet')
  git('add', '--all')
  git('commit', '--quiet', '--message', 'first')
}
