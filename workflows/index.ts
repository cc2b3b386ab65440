export { deploy } from './deploy.ts'
export { lane } from './lane.ts'
export { notify } from './notify.ts'
export { teardown } from './teardown.ts'
