import { execa } from 'execa'
import { UserError } from './user-error.ts'

/**
 * The Python that ministack runs on.
 * @param asked an interpreter; default: the python3 on PATH
 * @throws UserError when it is not there, or has no ministack
 */
export async function findPython(asked = 'python3'): Promise<string> {
  const find = 'import importlib.util, sys; sys.exit(importlib.util.find_spec("ministack") is None)'
  const { exitCode } = await execa(asked, ['-c', find], { reject: false })
  if (exitCode === 0) return asked
  throw new UserError(exitCode === undefined ? `There is no Python at ${asked}.` : `${asked} has no ministack, which answers what is not ECS.`, {
    fix: 'Install it in a virtual environment (python3 -m venv V; V/bin/pip install ministack) and name it: --python V/bin/python3.',
  })
}
