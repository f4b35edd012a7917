import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { openFiles } from '../../platform/aws/s3.ts'
import { CliError, describeCause } from '../../platform/errors.ts'
import { interruption } from '../../platform/interrupts.ts'
import type { Project } from '../../platform/project.ts'
import { redact } from '../../platform/terminal/secrets.ts'
import type { Terminal } from '../../platform/terminal/terminal.ts'
import type { Settings } from '../../terraform/settings/settings.ts'
import { receiptSchema, type Receipt } from './receipt.ts'

/** A receipt's name sorts by time: `2026-11-25T21-04-09Z-1f0c3a5b.json`. */
const nameOf = ({ startedAt, id }: Receipt) => `${startedAt.replace(/\.\d+Z$/, 'Z').replaceAll(':', '-')}-${id}.json`
const namePattern = /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ-(?<id>[0-9a-f]{8})\.json$/

/** A receipt, with its number: 1 is the oldest there is. */
export type Numbered = { number: number; receipt: Receipt }

export type Receipts = ReturnType<typeof openReceipts>

/**
 * The receipts of one environment: beside its state in the bucket, and on this machine. Nothing changes or deletes one.
 */
export function openReceipts(project: Project, { backend, inputs }: Pick<Settings, 'backend' | 'inputs'>, terminal: Terminal) {
  const prefix = join(dirname(backend.key), 'receipts', `${inputs.name}-${inputs.env}`)
  const folder = join(project.scratch, 'receipts', backend.bucket, prefix)
  const bucket = openFiles(backend)

  const readRemoteNames = async () => {
    try {
      return (await bucket.list(`${prefix}/`)).map((key) => key.slice(prefix.length + 1))
    } catch (error) {
      interruption.throwIfAborted()
      terminal.warn(`Only the receipts of this machine are known: ${(error as CliError).message} ${(error as CliError).fix ?? ''}`.trim())
      return []
    }
  }
  /** All names, oldest first. */
  const readNames = async () => {
    const [here, there] = await Promise.all([readdir(folder).catch(() => []), readRemoteNames()])
    return [...new Set([...here, ...there])].filter((name) => namePattern.test(name)).sort()
  }
  /** Undefined, and said, where it cannot be read: the others still tell what they tell. */
  const readOne = async (name: string): Promise<Receipt | undefined> => {
    try {
      const text = await readFile(join(folder, name), 'utf8').catch(() => bucket.read(`${prefix}/${name}`))
      return receiptSchema.parse(JSON.parse(text ?? ''))
    } catch (error) {
      interruption.throwIfAborted()
      const why = error instanceof CliError ? error.message : 'It is not one that this fargate-ctl understands.'
      return void terminal.warn(`The receipt ${name} is left out. ${why}`)
    }
  }
  const readAll = async (names: { number: number; name: string }[]): Promise<Numbered[]> => {
    const read = names.map(async ({ number, name }) => ({ number, receipt: await readOne(name) }))
    return (await Promise.all(read)).flatMap(({ number, receipt }) => (receipt ? [{ number, receipt }] : []))
  }
  const number = (names: string[]) => names.map((name, index) => ({ number: index + 1, name }))

  return {
    /**
     * Keeps a receipt. Where that fails it warns, and never throws: what became of the deployment matters more.
     * @returns whether it is anywhere
     */
    async keep(receipt: Receipt): Promise<boolean> {
      const { data, error } = receiptSchema.safeParse(receipt)
      if (!data) return terminal.warn(`No receipt was written: ${z.prettifyError(error)}`), false
      const text = `${JSON.stringify(data, (_, value: unknown) => (typeof value === 'string' ? redact(value) : value), 2)}\n`
      const file = join(folder, nameOf(data))
      const isHere = await succeeds(writePrivately(file, text), (why) => terminal.warn(`The receipt could not be written to ${file}: ${why}`))
      const place = isHere ? `It is in ${file}` : 'It is nowhere'
      const isThere = await succeeds(bucket.create(`${prefix}/${nameOf(data)}`, text), (why) =>
        terminal.warn(`The receipt could not be written to the state bucket: ${why} ${place}.`),
      )
      return isHere || isThere
    },

    /** The newest ones, newest first. */
    async newest(limit: number): Promise<Numbered[]> {
      return readAll(number(await readNames()).slice(-limit).reverse())
    },

    /**
     * The one with this id, a beginning of it, or this number.
     * @throws CliError `usage` where there is none, or more than one
     */
    async find(asked: string): Promise<Numbered> {
      const names = number(await readNames())
      const ids = names.filter(({ name }) => namePattern.exec(name)?.groups?.id?.startsWith(asked))
      const numbered = names.filter((each) => String(each.number) === asked)
      const found = await readAll(numbered.length > 0 ? numbered : ids.slice(0, 2))
      if (found.length === 1 && found[0]) return found[0]
      throw new CliError('usage', found.length === 0 ? `There is no receipt ${asked}.` : `More than one receipt begins with ${asked}.`, {
        fix: '`fargate-ctl history` lists them.',
      })
    },
  }
}

/** For this user alone: logs may tell what others need not know. */
async function writePrivately(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  await writeFile(file, text, { mode: 0o600, flag: 'wx' })
}

/** Whether it does; if not, why is told. */
function succeeds(work: Promise<void>, tell: (why: string) => void): Promise<boolean> {
  return work.then(() => true, (error: unknown) => (tell(error instanceof CliError ? error.message : `${describeCause(error)}.`), false))
}
