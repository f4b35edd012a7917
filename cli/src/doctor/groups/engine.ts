import { requireEngine } from '../../release/engine.ts'
import { ok, skip, type Group } from '../check.ts'

export const engine: Group = {
  name: 'Container engine',
  checks: [
    {
      name: 'engine',
      neededBy: ['build', 'rehearse'],
      look: async ({ engine }) => (engine === 'none' ? skip('--engine none') : ok(`${engine} ${await requireEngine(engine)}`)),
    },
  ],
}
