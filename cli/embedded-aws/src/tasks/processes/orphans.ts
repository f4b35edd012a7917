import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import type { ContainerProcess } from './process.ts'

/** Notes a process below `folder` for as long as it runs, so that it is found when the gateway was killed meanwhile. */
export async function noteProcess(folder: string, { pid, argv, ended }: ContainerProcess): Promise<void> {
  const file = join(folder, String(pid))
  await mkdir(folder, { recursive: true })
  await writeFile(file, argv.join(' '))
  void ended.then(() => rm(file, { force: true }))
}

/** Ends the processes that a killed gateway has left behind; a number that another program has by now is left alone. */
export async function endOrphans(folder: string): Promise<void> {
  for (const pid of await readdir(folder).catch(() => [])) {
    const file = join(folder, pid)
    const { stdout = '' } = await execa('ps', ['-o', 'args=', '-p', pid], { reject: false })
    if (stdout.trim() === (await readFile(file, 'utf8'))) process.kill(Number(pid), 'SIGKILL')
    await rm(file, { force: true })
  }
}
