import { requireAccount } from '../platform/aws/sts.ts'
import { CliError } from '../platform/errors.ts'
import { settingsFile, type Project } from '../platform/project.ts'
import type { Terminal } from '../platform/terminal/terminal.ts'
import { ensureInit } from '../rollout/open.ts'
import { findHolder, type Holder } from '../terraform/holder.ts'
import type { Settings } from '../terraform/settings/settings.ts'
import { describeLock, readStateLock, type LockInfo, type StateLock } from '../terraform/state-lock.ts'
import { forceUnlock } from '../terraform/terraform.ts'
import { terraformFor } from '../terraform/terraform-for.ts'

/** What `unlock --json` prints. */
export type UnlockResult = { locked: boolean; unlocked: boolean; lock: LockInfo | null; holder: Holder | null }

/**
 * Says who holds the state's lock and whether they still run; takes it away when its id is given.
 * @throws CliError `stateLocked` while it stays locked, `usage` for an id that is not the lock's
 */
export async function unlock(project: Project, { backend, inputs }: Settings, id: string | undefined, terminal: Terminal): Promise<UnlockResult> {
  if (!backend.use_lockfile) {
    throw new CliError('usage', 'The state has no lock file, so nobody can tell whether it is locked.', { fix: `Set use_lockfile = true in ${settingsFile('backend')}.` })
  }
  await requireAccount(inputs)
  const lock = await terminal.step('Read the lock', () => readStateLock(backend))
  if (!lock) {
    if (id !== undefined) throw new CliError('usage', `The state is not locked; there is no lock ${id}.`, { fix: 'Nothing to do: deploy.' })
    terminal.print('The state is not locked.')
    return print({ locked: false, unlocked: false, lock: null, holder: null }, terminal)
  }
  const { info } = lock
  if (!info) throw unreadable(lock)
  const holder = await findHolder(info.Who, info.Created, terraformFor(project))
  terminal.print(`The state is locked: ${describeLock(lock)}.`)
  terminal.print(holder.evidence)
  if (id !== undefined && id !== info.ID) throw new CliError('usage', `${id} is not the lock that is held: that is ${info.ID}.`, { fix: 'Read above who holds it, and whether they still run.' })
  if (id === undefined || holder.alive === 'yes') {
    print({ locked: true, unlocked: false, lock: info, holder }, terminal)
    throw new CliError('stateLocked', id === undefined ? 'The state is locked.' : 'It stays locked: its holder still runs.', {
      fix: holder.alive === 'yes' ? 'Wait for it to end; a single interrupt (Ctrl-C) lets it end in order.' : `Only if it is certain that its holder no longer runs: fargate-ctl unlock ${info.ID}`,
    })
  }
  await release(project, info, terminal)
  terminal.print('It is unlocked. What the run that held it had begun may be half done: `fargate-ctl deploy` shows and completes it.')
  return print({ locked: false, unlocked: true, lock: info, holder }, terminal)
}

function print(result: UnlockResult, terminal: Terminal): UnlockResult {
  terminal.printJson(result)
  return result
}

async function release(project: Project, { ID: id }: LockInfo, terminal: Terminal): Promise<void> {
  const terraform = terraformFor(project)
  await ensureInit(terraform, terminal)
  await terminal.step('terraform force-unlock', () => forceUnlock(terraform, id))
}

/** Terraform itself cannot take such a lock away: it has no id. */
function unreadable(lock: StateLock): CliError {
  return new CliError('stateLocked', `The state is locked, but the lock file holds nothing that Terraform wrote: it was cut off as it took the lock.`, {
    fix: `If nobody deploys: aws s3 rm s3://${lock.bucket}/${lock.key}`,
    cause: describeLock(lock),
  })
}
