export { deploy } from './deploy.ts'
export { lane } from './lane.ts'
export { teardown } from './teardown.ts'
