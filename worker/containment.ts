import { findPlace } from '../adapters/process/cgroup/place.ts'

/** For `sluice doctor`: whether cgroups can be made here, as JSON. */
process.stdout.write(JSON.stringify(findPlace()))
