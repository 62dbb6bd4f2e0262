"""The commands of `platelet-hooks`, one module each; `cds_service.cli` names them."""
