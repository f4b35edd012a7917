// npm run models             writes the contracts and OPERATIONS.md from the pinned botocore
// npm run models -- --newer [FOLDER]  prints what the newest botocore, or the one in that folder, has besides, and ends with
//                                     exit code 1 if there is something
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Model } from '../src/models/model.ts'
import { findNewNames, readContract, type Service } from './contract.ts'
import { findPackages } from './packages.ts'
import { renderOperations } from './page.ts'
import { services } from './services.ts'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const contractOf = ({ name }: Service) => here(`../src/models/${name}.json`)

const [flag, folder] = process.argv.slice(2)
if (flag === '--newer') reportNewer(folder)
else write()

function write(): void {
  const packages = findPackages('models')
  const ministack = findPackages('python')
  if (!packages || !ministack) throw new Error('botocore or ministack is missing: npm run setup')
  for (const service of services) writeFileSync(contractOf(service), `${JSON.stringify(readContract(packages, service), undefined, 1)}\n`)
  writeFileSync(here('../OPERATIONS.md'), renderOperations(packages, ministack))
}

/** @param packages a folder that holds a botocore; default: the newest one, for as long as it is looked at */
function reportNewer(packages: string | undefined): void {
  const own = packages ? undefined : installNewest()
  try {
    const found = services.flatMap((service) => {
      const older = JSON.parse(readFileSync(contractOf(service), 'utf8')) as Model
      return findNewNames(older, readContract(packages ?? own ?? '', service)).map((name) => `${service.name}: ${name}`)
    })
    for (const name of found) console.log(name)
    process.exitCode = found.length > 0 ? 1 : 0
  } finally {
    if (own) rmSync(own, { recursive: true, force: true })
  }
}

function installNewest(): string {
  const packages = mkdtempSync(join(tmpdir(), 'botocore-'))
  const pip = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--target', packages, 'botocore']
  const { status } = spawnSync('python3', pip, { stdio: 'inherit' })
  if (status !== 0) throw new Error('The newest botocore could not be installed.')
  return packages
}
