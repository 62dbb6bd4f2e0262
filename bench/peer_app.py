"""HealthChain with a handler that does nothing; runs in an environment of its own (`bench.served`)."""

from healthchain.gateway import CDSHooksService, HealthChainAPI
from healthchain.models.requests.cdsrequest import CDSRequest
from healthchain.models.responses.cdsresponse import CDSResponse

hooks = CDSHooksService(use_events=False)


@hooks.hook("patient-view", id="itp-patient-view")
def answer_nothing(request: CDSRequest) -> CDSResponse:
    return CDSResponse(cards=[])


app = HealthChainAPI()
app.register_service(hooks)
