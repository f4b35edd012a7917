import type { Group } from './check.ts'
import { clock } from './groups/clock.ts'
import { combinations } from './groups/combinations.ts'
import { configuration } from './groups/configuration.ts'
import { credentials } from './groups/credentials.ts'
import { engine } from './groups/engine.ts'
import { programs } from './groups/programs.ts'
import { repository } from './groups/repository.ts'
import { roles } from './groups/roles.ts'
import { service } from './groups/service.ts'
import { state } from './groups/state.ts'

/** All that `doctor` looks at, in the order in which it is shown. */
export const groups: Group[] = [programs, engine, configuration, credentials, clock, state, repository, roles, service, combinations]
