// oidcc-formpost-basic-certification-test-plan.
import { basicPlan } from "./basic-plan.ts";

await basicPlan("form_post");
