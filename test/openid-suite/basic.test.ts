// oidcc-basic-certification-test-plan.
import { basicPlan } from "./basic-plan.ts";

await basicPlan("default");
